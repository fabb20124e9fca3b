"""The points of a sweep, streamed: sources crossed, then exclude, where and include."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.mistakes import MistakeList
from shoal.jobs.file.spec import RESERVED_NAMES, Axis, Draws, ForEach, Table
from shoal.jobs.sweep import axes, draws, point_tables
from shoal.jobs.sweep.identity import point_key

Point = dict[str, Any]
Source = Callable[[], Iterator[Point]]
"""Each call restarts the iteration."""


def points(stage: BoundStage) -> Iterator[Point]:
    """Return the points of a stage; without a sweep, one empty point. Raises BadInput for two equal points."""
    sweep = stage.spec.for_each
    if sweep is None:
        yield {}
        return
    included = {point_key(point): point for point in sweep.include}
    for point in _kept(sweep, stage):
        # Without `include` no keys are made: there would be one for each of a million points.
        if included and point_key(point) in included:
            raise stage.mistake(f"{_named(point)} is a point already", "for_each", "include")
        yield point
    if len(included) < len(sweep.include):
        raise stage.mistake("two of the points are equal", "for_each", "include")
    yield from included.values()


def _kept(sweep: ForEach, stage: BoundStage) -> Iterator[Point]:
    crossed = _crossed(_sources(sweep, stage))
    if sweep.exclude:
        crossed = (point for point in crossed if not any(_agrees(point, entry) for entry in sweep.exclude))
    if sweep.where is None:
        return crossed
    keep, names = templates.expression(sweep.where, stage.place("for_each", "where")), stage.job.job_file.names
    return (point for point in crossed if keep.evaluate({**names, **point}))


def _sources(sweep: ForEach, stage: BoundStage) -> list[Source]:
    """Return the sources, streaming ones first: all others are walked again for each row of the first."""
    mistakes, sources = MistakeList(), []
    for key, source in _SOURCES.items():
        with mistakes.collecting(stage.line("for_each", key)):
            if spec := getattr(sweep, key):
                sources.append(source(spec, stage))
    mistakes.refuse()
    _refuse_shared_names(sources, stage)
    return sources


def _table(spec: Table | str, stage: BoundStage) -> Source:
    table = Table(file=spec) if isinstance(spec, str) else spec
    return _checked(partial(point_tables.rows, table, stage.job.job_file.folder), stage, "table")


def _random(spec: Draws, stage: BoundStage) -> Source:
    return _checked(partial(draws.rows, spec), stage, "random")


def _zip(spec: Mapping[str, Axis], stage: BoundStage) -> Source:
    named = _axes(spec, axes.values, stage, "zip")
    lengths = {name: len(values) for name, values in named.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise stage.mistake(f"the axes of a zip must be equally long; {counts}", "for_each", "zip")
    return _checked(partial(_zipped, named), stage, "zip")


def _product(spec: Mapping[str, Axis], stage: BoundStage) -> Source:
    return partial(_crossed_axes, _axes(spec, axes.distinct_values, stage, "product"))


_SOURCES: Mapping[str, Callable[[Any, BoundStage], Source]] = {
    "table": _table,
    "random": _random,
    "zip": _zip,
    "product": _product,
}


def _axes(
    named: Mapping[str, Axis],
    values: Callable[[Axis, Path], Sequence[Any]],
    stage: BoundStage,
    key: str,
) -> dict[str, Sequence[Any]]:
    mistakes, values_by_name = MistakeList(), {}
    for name, axis in named.items():
        with mistakes.collecting():
            try:
                values_by_name[name] = values(axis, stage.job.job_file.folder)
            except BadInput as exc:
                raise stage.mistake(f"axis '{name}': {exc}", "for_each", key, name) from exc
    mistakes.refuse()
    return values_by_name


def _crossed_axes(named: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    names = tuple(named)
    for row in _rows(tuple(named.values())):
        yield dict(zip(names, row, strict=True))


def _rows(axes: tuple[Sequence[Any], ...]) -> Iterator[tuple[Any, ...]]:
    """Cross axes as itertools.product does, but without copying a long range."""
    if not axes:
        yield ()
        return
    for head in _rows(axes[:-1]):
        for value in axes[-1]:
            yield (*head, value)


def _zipped(named: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    for row in zip(*named.values(), strict=True):
        yield dict(zip(named, row, strict=True))


def _checked(source: Source, stage: BoundStage, key: str) -> Source:
    """Return the same rows, refusing the second of two equal ones. Keeps a hash of eight bytes for each row."""

    def rows() -> Iterator[Point]:
        seen: set[int] = set()
        for row in source():
            row_hash = hash(point_key(row))
            if row_hash in seen:
                raise stage.mistake(f"two points are equal: {_named(row)}", "for_each", key)
            seen.add(row_hash)
            yield row

    return rows


def _crossed(sources: Sequence[Source]) -> Iterator[Point]:
    match sources:
        case []:
            return
        case [only]:
            yield from only()
        case [first, *others]:
            # Kept, not drawn again for each row; only the first source may be longer than memory.
            rest = list(_crossed(others))
            for row in first():
                for other in rest:
                    yield {**row, **other}


def _refuse_shared_names(sources: Sequence[Source], stage: BoundStage) -> None:
    taken = set(stage.job.job_file.names.keys() | RESERVED_NAMES)
    for source in sources:
        names = next(source(), {}).keys()
        for name in sorted(names & taken):
            raise stage.mistake(
                f"the axis '{name}' has the name of another axis, a parameter or a built-in", "for_each"
            )
        taken |= names


def _agrees(point: Point, entry: Mapping[str, Any]) -> bool:
    return all(name in point and point[name] == value for name, value in entry.items())


def _named(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.items())
