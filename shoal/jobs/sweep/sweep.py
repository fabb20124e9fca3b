"""The points of a sweep, streamed: sources crossed, then exclude, where and include."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.spec import RESERVED_NAMES, Axis, ForEach, Table
from shoal.jobs.sweep import axes, draws, tables
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
        if included and point_key(point) in included:
            raise BadInput(f"{stage.at('for_each', 'include')}: {_named(point)} is a point already")
        yield point
    if len(included) < len(sweep.include):
        raise BadInput(f"{stage.at('for_each', 'include')}: two of the points are equal")
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
    folder = stage.job.job_file.folder
    sources: list[Source] = []
    if sweep.table is not None:
        table = Table(file=sweep.table) if isinstance(sweep.table, str) else sweep.table
        sources.append(_checked(partial(tables.rows, table, folder), stage.at("for_each", "table")))
    if sweep.random is not None:
        sources.append(_checked(partial(draws.rows, sweep.random), stage.at("for_each", "random")))
    if sweep.zip:
        where = stage.at("for_each", "zip")
        zipped = partial(_zipped, _axes(sweep.zip, axes.values, stage, "zip"), where)
        sources.append(_checked(zipped, where))
    if sweep.product:
        sources.append(partial(_product, _axes(sweep.product, axes.distinct_values, stage, "product")))
    _refuse_shared_names(sources, stage)
    return sources


def _axes(
    named: Mapping[str, Axis],
    values: Callable[[Axis, Path], Sequence[Any]],
    stage: BoundStage,
    key: str,
) -> dict[str, Sequence[Any]]:
    values_by_name = {}
    for name, axis in named.items():
        try:
            values_by_name[name] = values(axis, stage.job.job_file.folder)
        except BadInput as exc:
            raise BadInput(f"{stage.at('for_each', key, name)}: axis '{name}': {exc}") from exc
    return values_by_name


def _product(named: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    names = tuple(named)
    for row in _rows(tuple(named.values())):
        yield dict(zip(names, row, strict=True))


def _rows(axes: tuple[Sequence[Any], ...]) -> Iterator[tuple[Any, ...]]:
    """As itertools.product, but a long range is walked, not copied."""
    if not axes:
        yield ()
        return
    for head in _rows(axes[:-1]):
        for value in axes[-1]:
            yield (*head, value)


def _zipped(named: Mapping[str, Sequence[Any]], where: str) -> Iterator[Point]:
    lengths = {name: len(values) for name, values in named.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise BadInput(f"{where}: the axes of a zip must be equally long; {counts}")
    for row in zip(*named.values(), strict=True):
        yield dict(zip(named, row, strict=True))


def _checked(source: Source, where: str) -> Source:
    """Return the same rows, refusing the second of two equal ones. Keeps a hash of eight bytes for each row."""

    def rows() -> Iterator[Point]:
        seen: set[int] = set()
        for row in source():
            key = hash(point_key(row))
            if key in seen:
                raise BadInput(f"{where}: two points are equal: {_named(row)}")
            seen.add(key)
            yield row

    return rows


def _crossed(sources: Sequence[Source]) -> Iterator[Point]:
    match sources:
        case []:
            return
        case [only]:
            yield from only()
        case [first, *others]:
            rest = list(_crossed(others))
            for row in first():
                for other in rest:
                    yield {**row, **other}


def _refuse_shared_names(sources: Sequence[Source], stage: BoundStage) -> None:
    taken = set(stage.job.job_file.names.keys() | RESERVED_NAMES)
    for source in sources:
        names = next(source(), {}).keys()
        for name in sorted(names & taken):
            where = stage.at("for_each")
            raise BadInput(f"{where}: the axis '{name}' has the name of another axis, a parameter or a built-in")
        taken |= names


def _agrees(point: Point, entry: Mapping[str, Any]) -> bool:
    return all(name in point and point[name] == value for name, value in entry.items())


def _named(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.items())
