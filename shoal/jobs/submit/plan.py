"""What a job file would do: every task looked at once, before anything is created."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.environment import Environment, Pool
from shoal.errors import BadInput
from shoal.jobs.file.job_file import JobFile
from shoal.jobs.tasks.rendering import Rendering
from shoal.jobs.tasks.stage_dependencies import is_barrier
from shoal.jobs.tasks.tasks import TaskBody, stage_tasks
from shoal.suggestion import suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    name: str
    after: list[str]
    tasks: int
    slots: int
    """Of all its tasks together."""
    barriers: int
    """Tasks that only wait for the others."""
    first: list[TaskBody]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    job_id: str
    pool: Pool
    stages: list[StagePlan]
    files: Mapping[Path, str]
    """Local files to upload, and the blob names they get."""

    @property
    def tasks(self) -> int:
        return sum(stage.tasks for stage in self.stages)

    @property
    def slots(self) -> int:
        return sum(stage.slots for stage in self.stages)

    @property
    def barriers(self) -> int:
        return sum(stage.barriers for stage in self.stages)


def to_json(plan: Plan) -> dict[str, Any]:
    """For scripts: totals first. Files are listed by their paths on this machine."""
    return {
        "job_id": plan.job_id,
        "pool": plan.pool,
        "tasks": plan.tasks,
        "slots": plan.slots,
        "barriers": plan.barriers,
        "stages": plan.stages,
        "files": {str(path): blob for path, blob in plan.files.items()},
    }


def make_plan(rendering: Rendering, *, shown: int = 3) -> Plan:
    """Renders every task and keeps the first few of each stage. Raises BadInput for what cannot run there."""
    pool = pool_of(rendering.job_file, rendering.environment)
    stages = [_stage_plan(rendering, index, pool, shown) for index in range(len(rendering.job_file.spec.stages))]
    return Plan(job_id=rendering.job_file.job_id, pool=pool, stages=stages, files=rendering.files.blobs)


def pool_of(job_file: JobFile, environment: Environment) -> Pool:
    name = job_file.spec.job.pool
    if name not in environment.pools:
        where = job_file.document.at(["job", "pool"])
        known = suggestion(name, environment.pools)
        raise BadInput(f"{where}: the stack '{environment.stack}' has no pool '{name}'; {known}")
    return environment.pools[name]


def _stage_plan(rendering: Rendering, index: int, pool: Pool, shown: int) -> StagePlan:
    stage, document = rendering.stage(index), rendering.job_file.document
    tasks = slots = barriers = 0
    first: list[TaskBody] = []
    for task in stage_tasks(rendering, index):
        if is_barrier(task["id"]):
            barriers += 1
            continue
        tasks, slots = tasks + 1, slots + task["requiredSlots"]
        if task["requiredSlots"] > pool.task_slots_per_node:
            raise BadInput(f"{document.at(['stages', index, 'slots'])}: {_too_large(task, pool)}")
        if tasks <= shown:
            first.append(task)
    if tasks == 0:
        raise BadInput(f"{document.at(['stages', index, 'for_each'])}: no point of the sweep is left")
    return StagePlan(name=stage.name, after=stage.after, tasks=tasks, slots=slots, barriers=barriers, first=first)


def _too_large(task: TaskBody, pool: Pool) -> str:
    slots = f"task {task['id']} takes {task['requiredSlots']} slots"
    return f"{slots}; a node of pool '{pool.id}' has {pool.task_slots_per_node}, so it would wait for ever"
