"""Dependencies of the tasks of a later stage on those of an earlier one.

A task may name at most 64,000 characters of task ids that it depends on, and thousands of tasks that each name
thousands of ids would be gigabytes. So a stage that many wait for ends in a barrier: a task that does nothing, depends
on all of the stage (through barriers of its own where they are too many), and is what the others name.

Source: Batch REST, TaskDependencies, `taskIds`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from shoal.jobs.barrier_ids import BARRIER_PREFIX
from shoal.jobs.binding.bound_job import BoundStage, TaskField
from shoal.jobs.file.spec import Stage
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sweep import points
from shoal.jobs.tasks.task_groups import ID_CHARACTERS, tasks_before

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDependency:
    """The dependency of later stages on a stage."""

    stage: str
    tasks: list[str] | None
    """The ids of all its tasks, where they fit into one dependency."""

    def is_through_barrier(self, dependent: Stage) -> bool:
        # Many tasks that each name many ids would grow with the product of both, so they name one barrier.
        # And the barrier of a stage that is fanned out over says that it has ended.
        fans_out = dependent.for_each is not None and dependent.for_each.outputs == self.stage
        return self.tasks is None or fans_out or (dependent.is_swept and len(self.tasks) > 1)

    def task_ids(self, dependent: Stage) -> list[str]:
        """Return the ids that each task of the dependent stage depends on."""
        if self.tasks is None or self.is_through_barrier(dependent):
            return [barrier_id(self.stage)]
        return self.tasks


def depends_on(stage: BoundStage) -> TaskField:
    """Return the tasks that each task of the stage depends on: whole stages, and groups of tasks."""
    whole = [link.stage for link in stage.spec.dependencies if not link.is_grouped]
    common = [task for name in whole for task in _dependency(stage.job.stage(name)).task_ids(stage.spec)]
    groups = [tasks_before(stage, dependency) for dependency in stage.spec.dependencies if dependency.is_grouped]
    if not groups:
        return TaskField(value={"taskIds": common} if common else None)
    return TaskField(make=lambda names: {"taskIds": common + [task for group in groups for task in group(names)]})


def needs_barrier(stage: BoundStage) -> bool:
    dependents = [other.spec for other in stage.job.stages if _is_whole(stage.name, other.spec)]
    if not dependents:
        return False
    dependency = _dependency(stage)
    return any(dependency.is_through_barrier(dependent) for dependent in dependents)


def _is_whole(name: str, dependent: Stage) -> bool:
    return any(link.stage == name and not link.is_grouped for link in dependent.dependencies)


def barrier_id(stage: str) -> str:
    return f"{BARRIER_PREFIX}{stage}"


def with_barrier(
    tasks: Iterable[dict[str, Any]], stage: str, common: Mapping[str, Any] = NOTHING
) -> Iterator[dict[str, Any]]:
    """Return the tasks, then a barrier over each group of them, then the barrier that later stages name.

    `common`: further properties of the barriers.
    """
    groups: list[str] = []
    waiting: list[str] = []
    characters = 0
    for task in tasks:
        yield task
        if characters + len(task["id"]) > ID_CHARACTERS:
            groups.append(f"{barrier_id(stage)}_{len(groups) + 1}")
            yield {**_barrier(groups[-1], waiting), **common}
            waiting, characters = [], 0
        waiting.append(task["id"])
        characters += len(task["id"])
    yield {**_barrier(barrier_id(stage), groups + waiting), **common}


def _dependency(stage: BoundStage) -> StageDependency:
    return StageDependency(stage=stage.name, tasks=_ids_that_fit(stage))


def _ids_that_fit(stage: BoundStage) -> list[str] | None:
    """Return the ids of all tasks; None as soon as there are too many, so that a long stage is not walked through."""
    if not stage.spec.is_swept:
        return [stage.name]
    ids: list[str] = []
    characters = 0
    for point in points(stage):
        ids.append(task_id(stage.name, point))
        characters += len(ids[-1])
        if characters > ID_CHARACTERS:
            return None
    return ids


def _barrier(name: str, waits_for: list[str]) -> dict[str, Any]:
    return {"id": name, "commandLine": "/bin/true", "dependsOn": {"taskIds": waits_for}}
