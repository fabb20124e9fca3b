"""Plan a job: every task is looked at once, before anything is created."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from shoal.environment import OperatingSystem, Pool
from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.file.mistakes import MistakeList, Mistakes
from shoal.jobs.file.task_spec import Shell
from shoal.jobs.run_record import StageContent, body_hash, stage_content, without_endpoint
from shoal.jobs.schedule.schedulable import refuse_unschedulable
from shoal.jobs.skip.eligibility import never_skipped
from shoal.jobs.submit.input_sizes import InputSizes
from shoal.jobs.submit.own_names import OwnNames
from shoal.jobs.submit.task_limits import sendable_body
from shoal.jobs.sweep.renamed_axes import renamed_axes
from shoal.jobs.sweep.stage_outputs import with_sample_outputs
from shoal.jobs.tasks.bashisms import bashisms
from shoal.jobs.tasks.job_tasks import PROPERTIES as JOB_TASK_PROPERTIES
from shoal.jobs.tasks.job_tasks import job_tasks
from shoal.jobs.tasks.task_bodies import TaskBody, stage_tasks

TRIED = 1000
"""Tasks of a stage that are still rendered after a mistake, so that its report need not wait for a million."""
CLOSE = 0.05
"""Share by which tasks may differ from the slots that a pool is scaled for without a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    name: str
    after: list[str]
    tasks: int
    slots: int
    """Total slots of all tasks."""
    barriers: int
    """Tasks that only wait for the others."""
    first: list[TaskBody]
    last: TaskBody | None
    """None where the stage has no task yet."""
    input_bytes: int
    """Bytes of the local files that a task reads, of the task that reads most."""
    content: StageContent
    """The content of its tasks, barriers included, as the record of the run keeps it."""
    common_content: StageContent
    """The content without the id of the job and the name of the run, by which runs are compared."""
    is_deferred: bool = False
    """True where its tasks are added when an earlier stage has ended; it has no task yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    job_id: str
    pool: Pool
    stages: list[StagePlan]
    files: Mapping[Path, str]
    """Local files to upload, and the blob names they get."""
    upload_bytes: int = 0
    """Total size of the files."""
    warnings: tuple[str, ...] = ()
    """Sentences about what may fail on the nodes, with file and line, and about what would run, but not well."""

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
    """Return the plan for scripts, totals first. Files are listed by their paths on this machine."""
    return {
        "job_id": plan.job_id,
        "pool": plan.pool,
        "tasks": plan.tasks,
        "slots": plan.slots,
        "barriers": plan.barriers,
        "stages": plan.stages,
        "warnings": plan.warnings,
        "upload_bytes": plan.upload_bytes,
        "files": {str(path): blob for path, blob in plan.files.items()},
    }


def make_plan(job: BoundJob, *, shown: int = 3) -> Plan:
    """Render every task, and keep the first few of each stage. Raises BadInput with everything that is wrong."""
    mistakes, pool = MistakeList(job.job_file.mistakes), None
    with mistakes.collecting():
        pool = job.pool
        _refuse_windows(job, pool)
    with mistakes.collecting(job.job_file.document.line(["job"])):
        bodies = job_tasks(job)
        for key, task in job.own_tasks.items():
            sendable_body(task, bodies[JOB_TASK_PROPERTIES[key]], key)
    with mistakes.collecting(job.job_file.document.line(["job", "schedule"])):
        refuse_unschedulable(job, datetime.now(UTC))
    stages = []
    tried = with_sample_outputs(job)
    for stage in tried.stages:
        with mistakes.collecting(stage.line()):
            if stage.name in job.deferred_stages or stage.has_unseen_blobs:
                stages.append(_deferred_plan(stage))
                continue
            stages.append(_stage_plan(stage, pool, shown, limit=TRIED if mistakes else None))
    if mistakes or pool is None:
        raise Mistakes(mistakes)
    # The files are known now: rendering every task has collected them.
    return Plan(
        job_id=job.job_file.job_id,
        pool=pool,
        stages=stages,
        files=job.files.blobs,
        upload_bytes=sum(job.files.sizes.values()),
        warnings=(*_renamed_axes(job), *_shell_warnings(job), *_slot_warnings(pool, stages), *_skip_warnings(job)),
    )


def _renamed_axes(job: BoundJob) -> Iterator[str]:
    for stage in job.stages:
        yield from renamed_axes(stage)


def _shell_warnings(job: BoundJob) -> Iterator[str]:
    for stage in job.own_tasks_and_stages:
        command = stage.spec.command
        if isinstance(command, str) and stage.shell is Shell.SH and (constructs := bashisms(command)):
            where = job.job_file.document.at([*stage.location, "command"])
            yield f"{where}: {', '.join(constructs)} may fail in /bin/sh; add `shell: bash`"


def _slot_warnings(pool: Pool, stages: Sequence[StagePlan]) -> Iterator[str]:
    expected, tasks = pool.slots_per_task, sum(stage.tasks for stage in stages)
    if expected is None or tasks == 0:
        return
    actual = sum(stage.slots for stage in stages) / tasks
    if abs(actual / expected - 1) > CLOSE:
        effect = "too few nodes, and the job takes longer" if actual > expected else "more nodes than it needs"
        yield (
            f"a task takes {actual:.3g} slots on average, and pool '{pool.id}' is scaled for {expected:.3g}: "
            f"it gets {effect}; set slotsPerTask: {actual:.3g} for the pool in the stack's file"
        )


def _skip_warnings(job: BoundJob) -> Iterator[str]:
    reasons = never_skipped(job)
    for stage in job.stages:
        if stage.name in reasons:
            where = job.job_file.document.at(["stages", stage.index, "skip"])
            yield f"{where}: tasks of '{stage.name}' are never skipped: {reasons[stage.name]}"


def _refuse_windows(job: BoundJob, pool: Pool) -> None:
    """Raise a mistake for a pool of Windows nodes: tasks are rendered for `/bin/sh` and Linux paths only."""
    if pool.operating_system == OperatingSystem.WINDOWS:
        sentence = (
            f"pool '{pool.id}' has Windows nodes, and the tasks of job files run on Linux only; choose a Linux pool"
        )
        raise job.job_file.document.mistake(["job", "pool"], sentence)


def _stage_plan(stage: BoundStage, pool: Pool | None, shown: int, *, limit: int | None) -> StagePlan:
    tasks = slots = barriers = hashes = common_hashes = 0
    own_names = OwnNames(stage.job)
    first: list[TaskBody] = []
    last: TaskBody | None = None
    inputs = InputSizes(stage)
    for task in islice(stage_tasks(stage), limit):
        body = sendable_body(stage, task, task["id"])
        text = without_endpoint(body, stage.job.environment.blob_endpoint)
        hashes += body_hash(text)
        common_hashes += body_hash(own_names.removed_from(text))
        if is_barrier(task["id"]):
            barriers += 1
            continue
        tasks, slots = tasks + 1, slots + task["requiredSlots"] * (stage.spec.instances or 1)
        if pool is not None and task["requiredSlots"] > pool.task_slots_per_node:
            raise stage.mistake(_too_large(task, pool), "slots")
        if tasks <= shown:
            first.append(task)
        last = task
        inputs.add(task)
    if last is None:
        raise stage.mistake("no point of the sweep is left", "for_each")
    return StagePlan(
        name=stage.name,
        after=stage.spec.waits_for,
        tasks=tasks,
        slots=slots,
        barriers=barriers,
        first=first,
        last=last,
        input_bytes=inputs.most,
        content=stage_content(tasks + barriers, hashes),
        common_content=stage_content(tasks + barriers, common_hashes),
    )


def _deferred_plan(stage: BoundStage) -> StagePlan:
    """Try the stage with a made-up file or blob."""
    for _ in islice(stage_tasks(stage), 1):
        pass
    return StagePlan(
        name=stage.name,
        after=stage.spec.waits_for,
        tasks=0,
        slots=0,
        barriers=0,
        first=[],
        last=None,
        input_bytes=0,
        content=stage_content(0, 0),
        common_content=stage_content(0, 0),
        is_deferred=True,
    )


def _too_large(task: TaskBody, pool: Pool) -> str:
    slots = f"task {task['id']} takes {task['requiredSlots']} slots"
    return f"{slots}; a node of pool '{pool.id}' has {pool.task_slots_per_node}, so it would wait for ever"
