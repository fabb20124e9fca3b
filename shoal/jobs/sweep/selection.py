"""The order of a sweep's points, and how many of them become tasks."""

import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.file_name import FileName
from shoal.jobs.file.sweep_spec import ForEach, Shuffle
from shoal.jobs.sweep.identity import point_key
from shoal.jobs.sweep.sources import Point

MAX_ORDERED = 1_000_000
"""Points that are held at once to put them in order."""
Key = Callable[[Point], Any]


def selected(points: Iterable[Point], sweep: ForEach, stage: BoundStage) -> Iterator[Point]:
    """Return the first points in their order. Without `order` they stream; with `limit` only that many are kept."""
    if sweep.order is None:
        return islice(points, sweep.limit)
    key = _random_key(sweep.order.random) if isinstance(sweep.order, Shuffle) else _sort_key(sweep.order, stage)
    return _ordered(points, key, sweep.limit, stage)


def _ordered(points: Iterable[Point], key: Key, limit: int | None, stage: BoundStage) -> Iterator[Point]:
    try:
        if limit is None or limit > MAX_ORDERED:
            held = sorted(islice(points, MAX_ORDERED + 1), key=key)
            if len(held) > MAX_ORDERED:
                raise stage.mistake(
                    f"more than {MAX_ORDERED:,} points cannot be put in order; write the axes in the order that you "
                    f"want, or set a limit of at most {MAX_ORDERED:,}",
                    "for_each",
                    "order",
                )
            yield from islice(held, limit)
        else:
            yield from heapq.nsmallest(limit, points, key=key)
    except TypeError as exc:
        raise stage.mistake(f"the points have no order by it: {exc}", "for_each", "order") from exc


def _random_key(seed: int) -> Key:
    """Return a key that depends on the point alone, so that further points do not change the order of the others."""
    salt = seed.to_bytes(16, signed=True)
    return lambda point: blake2b(point_key(point), digest_size=8, salt=salt).digest()


def _sort_key(expressions: list[str], stage: BoundStage) -> Key:
    compiled = [
        templates.expression(source, stage.place("for_each", "order", index))
        for index, source in enumerate(expressions)
    ]
    words = set(re.findall(r"\w+", " ".join(expressions)))
    names = stage.job.job_file.names
    measures = {name: measure(stage) for name, measure in _MEASURES.items() if name in words - names.keys()}

    def key(point: Point) -> tuple[Any, ...]:
        # An axis, or a parameter, of the same name comes first.
        measured = {name: measure(point) for name, measure in measures.items() if name not in point}
        return tuple(expression.evaluate({**measured, **names, **point}) for expression in compiled)

    return key


def _name(stage: BoundStage) -> Key:
    return lambda point: " ".join(map(str, point.values()))


def _size(stage: BoundStage) -> Key:
    """Sum the sizes of the files in a point."""

    def size(point: Point) -> int:
        sizes = [value.size for value in point.values() if isinstance(value, FileName)]
        if not sizes:
            raise stage.mistake("`size` is that of files; no axis has any", "for_each", "order")
        return sum(sizes)

    return size


def _slots(stage: BoundStage) -> Key:
    slots = stage.spec.slots
    if isinstance(slots, int):
        return lambda _: slots
    return partial(_evaluated, templates.value(slots, stage.place("slots")), stage.names)


def _evaluated(expression: templates.Expression, names: Mapping[str, Any], point: Point) -> Any:
    return expression.evaluate({**names, **point})


_MEASURES: Mapping[str, Callable[[BoundStage], Key]] = {"name": _name, "size": _size, "slots": _slots}
"""Names that `order` has beside those of the axes."""
