"""How the tasks of a later stage wait for an earlier one.

A task may name at most 64,000 characters of task ids that it depends on, and thousands of tasks that each name
thousands of ids would be gigabytes. So a stage that many wait for ends in a barrier: a task that does nothing, depends
on all of the stage (through barriers of its own where they are too many), and is what the others name.

Source: Batch REST, TaskDependencies, `taskIds`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shoal.jobs.file.job_file import BARRIER_PREFIX, JobFile
from shoal.jobs.file.spec import Stage
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sweep import points

ID_CHARACTERS = 60_000
"""Kept below Batch's 64,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    stage: str
    tasks: list[str] | None
    """All tasks of the stage, where their ids fit into one dependency."""
    barrier: bool
    """Whether some later stage needs the barrier."""

    def tasks_for(self, dependent: Stage) -> list[str]:
        """What each task of the dependent stage depends on."""
        if self.tasks is None or _needs_barrier(dependent, self.tasks):
            return [barrier_id(self.stage)]
        return self.tasks


def wait_for(job_file: JobFile, name: str) -> Wait:
    stages = job_file.spec.stages
    dependents = [stage for stage in stages if name in stage.after]
    if not dependents:
        return Wait(stage=name, tasks=None, barrier=False)
    index = next(index for index, stage in enumerate(stages) if stage.name == name)
    tasks = _ids_that_fit(job_file, index)
    return Wait(stage=name, tasks=tasks, barrier=any(_needs_barrier(stage, tasks) for stage in dependents))


def barrier_id(stage: str) -> str:
    return f"{BARRIER_PREFIX}{stage}"


def is_barrier(task_id: str) -> bool:
    return task_id.startswith(BARRIER_PREFIX)


def with_barrier(tasks: Iterable[dict[str, Any]], stage: str) -> Iterator[dict[str, Any]]:
    """The tasks, then the barriers over each group of them, then the barrier that the others name."""
    groups: list[str] = []
    waiting: list[str] = []
    characters = 0
    for task in tasks:
        yield task
        if characters + len(task["id"]) > ID_CHARACTERS:
            groups.append(f"{barrier_id(stage)}_{len(groups) + 1}")
            yield _barrier(groups[-1], waiting)
            waiting, characters = [], 0
        waiting.append(task["id"])
        characters += len(task["id"])
    yield _barrier(barrier_id(stage), groups + waiting)


def _needs_barrier(dependent: Stage, tasks: list[str] | None) -> bool:
    return tasks is None or (dependent.for_each is not None and len(tasks) > 1)


def _ids_that_fit(job_file: JobFile, index: int) -> list[str] | None:
    """Stops as soon as there are too many, so that a long stage is not walked through."""
    stage = job_file.spec.stages[index]
    if stage.for_each is None:
        return [stage.name]
    ids: list[str] = []
    characters = 0
    for point in points(job_file, index):
        ids.append(task_id(stage.name, point))
        characters += len(ids[-1])
        if characters > ID_CHARACTERS:
            return None
    return ids


def _barrier(name: str, waits_for: list[str]) -> dict[str, Any]:
    return {"id": name, "commandLine": "/bin/true", "dependsOn": {"taskIds": waits_for}}
