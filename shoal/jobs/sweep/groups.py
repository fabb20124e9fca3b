"""Groups of a stage's points: those that agree on some axes. Later stages may follow group by group."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file.spec import Dependency
from shoal.jobs.sweep.identity import point_key
from shoal.jobs.sweep.sources import Point
from shoal.suggestion import suggestion


def group_points(points: Iterator[Point], dependency: Dependency, stage: BoundStage) -> Iterator[Point]:
    """Return one point for each group, in the order of their first points; `each` point is a group of its own."""
    if dependency.each:
        yield from points
        return
    seen: set[bytes] = set()
    for point in points:
        group = group_of(point, dependency.by, dependency.stage, stage)
        key = point_key(group)
        if key not in seen:
            seen.add(key)
            yield group


def group_of(values: Mapping[str, Any], axes: Sequence[str], owner: str, stage: BoundStage) -> Point:
    """Return the values of the axes. Raises BadInput where a point of `owner` does not have them all."""
    try:
        return {axis: values[axis] for axis in axes}
    except KeyError as exc:
        axis = str(exc.args[0])
        sentence = f"the sweep of '{owner}' has no axis '{axis}'; {suggestion(axis, values)}"
        raise stage.mistake(sentence, "after") from exc
