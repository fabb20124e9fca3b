"""The points of a sweep, streamed: sources crossed, then exclude, where, include, order and limit."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file import templates
from shoal.jobs.file.spec import RESERVED_NAMES
from shoal.jobs.file.sweep_spec import ForEach
from shoal.jobs.sweep.groups import group_points
from shoal.jobs.sweep.identity import point_key
from shoal.jobs.sweep.selection import selected
from shoal.jobs.sweep.sources import MAX_POINTS, Point, named, side_by_side, too_many_points


def points(stage: BoundStage) -> Iterator[Point]:
    """Return the points of a stage; without a sweep, one empty point. Raises BadInput for two equal points."""
    sweep, groups = stage.spec.for_each, stage.spec.sweep_of
    if sweep is not None:
        return selected(_with_included(sweep, stage), sweep, stage)
    return iter([{}]) if groups is None else group_points(points(stage.job.stage(groups.stage)), groups, stage)


def _with_included(sweep: ForEach, stage: BoundStage) -> Iterator[Point]:
    included = {point_key(point): point for point in sweep.include}
    for point in _kept(sweep, stage):
        # Without `include` no keys are made: there would be one for each of a million points.
        if included and point_key(point) in included:
            raise stage.mistake(f"{named(point)} is a point already", "for_each", "include")
        yield point
    if len(included) < len(sweep.include):
        raise stage.mistake("two of the points are equal", "for_each", "include")
    yield from included.values()


def _kept(sweep: ForEach, stage: BoundStage) -> Iterator[Point]:
    taken = stage.job.job_file.names.keys() | RESERVED_NAMES
    crossed = _bounded(side_by_side(sweep, stage, ("for_each",), frozenset(taken))(), stage)
    if sweep.exclude:
        crossed = (point for point in crossed if not any(_agrees(point, entry) for entry in sweep.exclude))
    if sweep.where is None:
        return crossed
    keep, names = templates.expression(sweep.where, stage.place("for_each", "where")), stage.job.job_file.names
    return (point for point in crossed if keep.evaluate({**names, **point}))


def _bounded(points: Iterator[Point], stage: BoundStage) -> Iterator[Point]:
    """Return the points. Raises BadInput once there are too many to be looked at."""
    yield from islice(points, MAX_POINTS)
    for _ in points:
        raise too_many_points(stage, "for_each")


def _agrees(point: Point, entry: Mapping[str, Any]) -> bool:
    return all(name in point and point[name] == value for name, value in entry.items())
