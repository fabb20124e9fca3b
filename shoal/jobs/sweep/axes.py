"""The values of one axis: a list, a range, the files that match a pattern, or the blobs below a prefix."""

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_never

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.file.file_name import FileName
from shoal.jobs.file.sweep_spec import Axis, BlobsAxis, FilesAxis, RangeAxis
from shoal.jobs.sweep.identity import point_key

MAX_STEPS = 10_000_000


def values(axis: Axis, job: BoundJob) -> Sequence[Any]:
    """Return the values of an axis. Raises BadInput where a pattern matches no file, or a prefix no blob."""
    match axis:
        case list():
            _refuse_infinite(axis)
            return axis
        case RangeAxis():
            return _steps(*map(_exact, axis.range))
        case FilesAxis():
            return _matching(axis.files, job.job_file.folder)
        case BlobsAxis():
            return job.blobs.below(axis.blobs, axis.container)
        case _:
            assert_never(axis)


def distinct_values(axis: Axis, job: BoundJob) -> Sequence[Any]:
    """Return the values of an axis that is combined with others. Raises BadInput where two are equal."""
    checked = values(axis, job)
    if isinstance(axis, list):  # ranges, and names of files and blobs, never repeat
        seen: set[bytes] = set()
        for value in axis:
            key = point_key({"": value})
            if key in seen:
                raise BadInput(f"the value {value!r} stands twice")
            seen.add(key)
    return checked


def _refuse_infinite(values: Sequence[Any]) -> None:
    """JSON, which ids are made of, writes infinite numbers and NaN as null: they would be equal points."""
    for value in values:
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"the value {value} is not a finite number")


def _exact(number: float) -> Decimal | int:
    return number if isinstance(number, int) else Decimal(repr(number))


def _steps(first: Decimal | int, last: Decimal | int, step: Decimal | int = 1) -> Sequence[Any]:
    """Return the steps, both ends included. Decimals are added exactly, so that 0.1, 0.2, 0.3 come out as written."""
    if not all(math.isfinite(number) for number in (first, last, step)):
        raise BadInput("the numbers of a range must be finite")
    if (Decimal(last) - first) / step >= MAX_STEPS:
        raise BadInput(f"the range has more than {MAX_STEPS} steps")
    if isinstance(first, int) and isinstance(last, int) and isinstance(step, int):
        return range(first, last + 1, step)  # takes no memory, however long
    count = int((Decimal(last) - first) / step) + 1
    return [float(first + index * step) for index in range(count)]


def _matching(pattern: str, folder: Path) -> list[FileName]:
    if Path(pattern).is_absolute():
        raise BadInput(f"the pattern '{pattern}' must be relative to the job file")
    try:
        matches = sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError) as exc:
        raise BadInput(f"'{pattern}' is not a pattern of files: {exc}") from exc
    if not matches:
        raise BadInput(f"no file in {folder.absolute()} matches '{pattern}'")
    for path in matches:
        if any("\ud800" <= char <= "\udfff" for char in str(path)):
            raise BadInput(f"the name of the file {str(path.name)!r} is not UTF-8; rename it")
    return [FileName(path.relative_to(folder).as_posix(), path.stat().st_size) for path in matches]
