"""Sources of points: tables, random draws, and axes that are crossed or advance together. A source may hold others."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, zip_longest
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.mistakes import MistakeList, Mistakes
from shoal.jobs.file.sweep_spec import Axis, BlobsAxis, Draws, Method, Sources, Table
from shoal.jobs.sweep import axes, draws, even_draws, point_tables
from shoal.jobs.sweep.identity import point_key
from shoal.jobs.sweep.stage_outputs import matching_rows

MAX_POINTS = 10_000_000
"""Points of a sweep that are looked at, with those that `where` and `exclude` leave out."""
Point = dict[str, Any]
Source = Callable[[], Iterator[Point]]
"""Each call restarts the iteration."""
Keys = tuple[str | int, ...]
"""The place of a source below its stage."""


def side_by_side(spec: Sources, stage: BoundStage, keys: Keys, taken: frozenset[str] = frozenset()) -> Source:
    """Return the product of the sources in a mapping. Raises BadInput for a name that two of them have."""
    return _crossed_sources(_sources(spec, stage, keys), stage, taken)


def named(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.items())


def too_many_points(stage: BoundStage, *keys: str | int) -> Mistakes:
    return stage.mistake(
        f"the sweep has more than {MAX_POINTS:,} points, counted before where, exclude and limit; "
        "shorten its axes, or split it into several job files",
        *keys,
    )


def _sources(spec: Sources, stage: BoundStage, keys: Keys) -> list[Source]:
    """Return the sources, streaming ones first: all others are walked again for each row of the first."""
    mistakes, sources = MistakeList(), []
    for key, make in _SOURCES.items():
        with mistakes.collecting(stage.line(*keys, key)):
            if part := getattr(spec, key, None):  # only a whole sweep has outputs
                sources.append(make(part, stage, (*keys, key)))
    mistakes.refuse()
    return sources


def _table(spec: Table | str, stage: BoundStage, keys: Keys) -> Source:
    table = Table(file=spec) if isinstance(spec, str) else spec
    folder = stage.job.job_file.folder
    if (obstacle := point_tables.obstacle(folder / table.file)) is not None:
        raise stage.mistake(obstacle, *keys)
    return _checked(partial(point_tables.rows, table, folder), stage, keys)


def _random(spec: Draws, stage: BoundStage, keys: Keys) -> Source:
    rows = draws.rows if spec.method is Method.INDEPENDENT else even_draws.rows
    return _checked(partial(rows, spec), stage, keys)


def _zip(spec: Mapping[str, Axis] | list[Sources], stage: BoundStage, keys: Keys) -> Source:
    if isinstance(spec, list):
        inner = _nested(spec, stage, keys)
        _refuse_shared_names(inner, stage)
        return partial(_together, inner, stage, keys)
    values_by_name = _axes(spec, axes.values, stage, keys)
    unseen = {name for name, axis in spec.items() if isinstance(axis, BlobsAxis) and stage.has_unseen_blobs}
    lengths = {name: len(values) for name, values in values_by_name.items() if name not in unseen}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise stage.mistake(f"the axes of a zip must be equally long; {counts}", *keys)
    if unseen:
        values_by_name = {name: values[:1] for name, values in values_by_name.items()}
    return _checked(partial(_zipped, values_by_name), stage, keys)


def _product(spec: Mapping[str, Axis] | list[Sources], stage: BoundStage, keys: Keys) -> Source:
    if isinstance(spec, list):
        return _crossed_sources(_nested(spec, stage, keys), stage)
    values_by_name = _axes(spec, axes.distinct_values, stage, keys)
    if math.prod(map(len, values_by_name.values())) > MAX_POINTS:
        raise too_many_points(stage, *keys)
    return partial(_crossed_axes, values_by_name)


def _outputs(spec: str, stage: BoundStage, keys: Keys) -> Source:
    sweep = stage.spec.for_each
    pattern = sweep.pattern if sweep else ""
    outputs = stage.job.outputs.get(spec, ())
    if not any(matching_rows(outputs, pattern)):
        raise stage.mistake(f"stage '{spec}' has left no file that matches '{pattern}'", *keys)
    return lambda: matching_rows(outputs, pattern)


_SOURCES: Mapping[str, Callable[[Any, BoundStage, Keys], Source]] = {
    "table": _table,
    "random": _random,
    "zip": _zip,
    "product": _product,
    "outputs": _outputs,
}


def _nested(specs: Sequence[Sources], stage: BoundStage, keys: Keys) -> list[Source]:
    mistakes, sources = MistakeList(), []
    for index, spec in enumerate(specs):
        with mistakes.collecting(stage.line(*keys, index)):
            sources.append(side_by_side(spec, stage, (*keys, index)))
    mistakes.refuse()
    return sources


def _axes(
    spec: Mapping[str, Axis],
    values: Callable[[Axis, BoundJob], Sequence[Any]],
    stage: BoundStage,
    keys: Keys,
) -> dict[str, Sequence[Any]]:
    mistakes, values_by_name = MistakeList(), {}
    for name, axis in spec.items():
        with mistakes.collecting():
            try:
                values_by_name[name] = values(axis, stage.job)
            except BadInput as exc:
                raise stage.mistake(f"axis '{name}': {exc}", *keys, name) from exc
    mistakes.refuse()
    return values_by_name


def _crossed_axes(values_by_name: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    names = tuple(values_by_name)
    for row in _rows(tuple(values_by_name.values())):
        yield dict(zip(names, row, strict=True))


def _rows(axes: tuple[Sequence[Any], ...]) -> Iterator[tuple[Any, ...]]:
    """Cross axes as itertools.product does, but without copying a long range."""
    if not axes:
        yield ()
        return
    for head in _rows(axes[:-1]):
        for value in axes[-1]:
            yield (*head, value)


def _zipped(values_by_name: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    for row in zip(*values_by_name.values(), strict=True):
        yield dict(zip(values_by_name, row, strict=True))


def _together(sources: Sequence[Source], stage: BoundStage, keys: Keys) -> Iterator[Point]:
    """Join the first points of all sources, then the second ones. Raises BadInput where one of them ends early."""
    join = zip if stage.has_unseen_blobs else zip_longest
    for count, rows in enumerate(join(*(source() for source in sources))):
        if None in rows:
            short = rows.index(None) + 1
            raise stage.mistake(f"the sources of a zip must be equally long; number {short} has {count} points", *keys)
        yield {name: value for row in rows for name, value in row.items()}


def _checked(source: Source, stage: BoundStage, keys: Keys) -> Source:
    """Return the same rows, refusing the second of two equal ones. Keeps a hash of eight bytes for each row."""

    def rows() -> Iterator[Point]:
        seen: set[int] = set()
        for row in source():
            row_hash = hash(point_key(row))
            if row_hash in seen:
                raise stage.mistake(f"two points are equal: {named(row)}", *keys)
            seen.add(row_hash)
            yield row

    return rows


def _crossed_sources(sources: Sequence[Source], stage: BoundStage, taken: frozenset[str] = frozenset()) -> Source:
    _refuse_shared_names(sources, stage, taken)
    return sources[0] if len(sources) == 1 else partial(_crossed, sources)


def _crossed(sources: Sequence[Source]) -> Iterator[Point]:
    match sources:
        case []:
            return
        case [only]:
            yield from only()
        case [first, *others]:
            # Kept, not drawn again for each row; only the first source may be longer than memory.
            rest = list(islice(_crossed(others), MAX_POINTS + 1))
            for row in first():
                for other in rest:
                    yield {**row, **other}


def _refuse_shared_names(sources: Sequence[Source], stage: BoundStage, taken: frozenset[str] = frozenset()) -> None:
    for source in sources:
        names = next(source(), {}).keys()
        for name in sorted(names & taken):
            raise stage.mistake(
                f"the axis '{name}' has the name of another axis, a parameter or a built-in", "for_each"
            )
        taken |= names
