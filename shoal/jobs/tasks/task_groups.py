"""The tasks of an earlier stage that one task depends on, where it does not wait for the whole stage."""

from collections import defaultdict
from collections.abc import Callable, Mapping

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file.spec import Dependency
from shoal.jobs.file.templates import Names
from shoal.jobs.sweep.groups import group_of
from shoal.jobs.sweep.identity import point_key, task_id
from shoal.jobs.sweep.sweep import points

ID_CHARACTERS = 60_000
"""Kept below the 64,000 that Batch allows for the ids that a task depends on."""


def tasks_before(stage: BoundStage, dependency: Dependency) -> Callable[[Names], list[str]]:
    """Return the function that gives a task's names the ids of the tasks before it."""
    earlier = stage.job.stage(dependency.stage)
    if not earlier.spec.is_swept:
        return lambda _: [earlier.name]
    axes = dependency.by or list(next(points(earlier), {}))
    if dependency.each and stage.spec.sweep_of is dependency:
        # The stage has the same points, so their ids follow without a list of them all.
        return lambda names: [task_id(earlier.name, group_of(names, axes, stage.name, stage))]
    ids = _ids_by_group(earlier, axes, stage)

    def find(names: Names) -> list[str]:
        group = group_of(names, axes, stage.name, stage)
        found = ids.get(point_key(group), [])
        if not found:
            values = ", ".join(f"{axis}={value}" for axis, value in group.items())
            raise stage.mistake(
                f"task {names['task']} waits for tasks of '{earlier.name}' with {values}; none has", "after"
            )
        if sum(map(len, found)) > ID_CHARACTERS:
            limit = f"the ids of {len(found)} tasks of '{earlier.name}' are too long for one dependency"
            raise stage.mistake(f"{limit}; put a stage with smaller groups in between", "after")
        return found

    return find


def _ids_by_group(earlier: BoundStage, axes: list[str], stage: BoundStage) -> Mapping[bytes, list[str]]:
    """Return the ids of the earlier stage's tasks by the key of their group. Kept, as several fields need them."""
    place = earlier.name, tuple(axes)
    kept = stage.job.ids_by_group
    if place not in kept:
        ids: defaultdict[bytes, list[str]] = defaultdict(list)
        for point in points(earlier):
            ids[point_key(group_of(point, axes, earlier.name, stage))].append(task_id(earlier.name, point))
        kept[place] = ids
    return kept[place]
