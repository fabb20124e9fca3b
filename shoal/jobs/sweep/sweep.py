"""The points of a sweep, streamed: sources crossed, then exclude, where and include."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.file import templates
from shoal.jobs.file.document import Location
from shoal.jobs.file.job_file import JobFile
from shoal.jobs.file.spec import RESERVED_NAMES, Axis, ForEach, Table
from shoal.jobs.sweep import axes, draws, tables
from shoal.jobs.sweep.identity import point_key

Point = dict[str, Any]
Source = Callable[[], Iterator[Point]]
"""Gives its rows anew at each call."""


def points(job_file: JobFile, index: int) -> Iterator[Point]:
    """The points of a stage; a stage without a sweep has one, empty. Raises BadInput for two equal points."""
    sweep = job_file.spec.stages[index].for_each
    if sweep is None:
        yield {}
        return
    location = ("stages", index, "for_each")
    included = {point_key(point): point for point in sweep.include}
    for point in _kept(sweep, job_file, location):
        if included and point_key(point) in included:
            raise BadInput(f"{job_file.document.at([*location, 'include'])}: {_named(point)} is a point already")
        yield point
    if len(included) < len(sweep.include):
        raise BadInput(f"{job_file.document.at([*location, 'include'])}: two of the points are equal")
    yield from included.values()


def _kept(sweep: ForEach, job_file: JobFile, location: Location) -> Iterator[Point]:
    found = _crossed(_sources(sweep, job_file, location))
    if sweep.exclude:
        found = (point for point in found if not any(_agrees(point, entry) for entry in sweep.exclude))
    if sweep.where is None:
        return found
    keep = templates.expression(sweep.where, job_file.place(*location, "where"))
    return (point for point in found if keep.evaluate({**job_file.names, **point}))


def _sources(sweep: ForEach, job_file: JobFile, location: Location) -> list[Source]:
    """Those that stream come first: all others are walked again for each row of the first."""
    folder, document = job_file.folder, job_file.document
    sources: list[Source] = []
    if sweep.table is not None:
        table = Table(file=sweep.table) if isinstance(sweep.table, str) else sweep.table
        sources.append(_checked(partial(tables.rows, table, folder), document.at([*location, "table"])))
    if sweep.random is not None:
        sources.append(_checked(partial(draws.rows, sweep.random), document.at([*location, "random"])))
    if sweep.zip:
        where = [*location, "zip"]
        zipped = partial(_zipped, _axes(sweep.zip, axes.values, job_file, where), document.at(where))
        sources.append(_checked(zipped, document.at(where)))
    if sweep.product:
        sources.append(partial(_product, _axes(sweep.product, axes.distinct_values, job_file, [*location, "product"])))
    _refuse_shared_names(sources, job_file, location)
    return sources


def _axes(
    named: Mapping[str, Axis],
    values: Callable[[Axis, Path], Sequence[Any]],
    job_file: JobFile,
    location: Location,
) -> dict[str, Sequence[Any]]:
    found = {}
    for name, axis in named.items():
        try:
            found[name] = values(axis, job_file.folder)
        except BadInput as exc:
            raise BadInput(f"{job_file.document.at([*location, name])}: axis '{name}': {exc}") from exc
    return found


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
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise BadInput(f"{where}: the axes of a zip must be equally long; {told}")
    for row in zip(*named.values(), strict=True):
        yield dict(zip(named, row, strict=True))


def _checked(source: Source, where: str) -> Source:
    """The same rows, refusing the second of two equal ones. Keeps eight bytes of hash a row."""

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


def _refuse_shared_names(sources: Sequence[Source], job_file: JobFile, location: Location) -> None:
    taken = set(job_file.names.keys() | RESERVED_NAMES)
    for source in sources:
        names = next(source(), {}).keys()
        for name in sorted(names & taken):
            where = job_file.document.at(location)
            raise BadInput(f"{where}: the axis '{name}' has the name of another axis, a parameter or a built-in")
        taken |= names


def _agrees(point: Point, entry: Mapping[str, Any]) -> bool:
    return all(name in point and point[name] == value for name, value in entry.items())


def _named(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.items())
