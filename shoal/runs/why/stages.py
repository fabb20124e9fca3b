"""The stages that waiting tasks wait for, and how far these are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from azure.batch import BatchClient
from azure.batch.models import BatchTask

from shoal.jobs.barrier_ids import BARRIER_PREFIX
from shoal.runs.why.evidence import JobFacts, StageProgress, WaitingTask

MOST_STAGES = 3
MOST_PARENTS = 15
"""Parents that one filter asks for, of tasks that another client submitted."""
READ = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    stages: tuple[StageProgress, ...] = ()
    """Those that have not ended."""
    unfinished: frozenset[str] = frozenset()
    """The parents that have not completed; ids in lower case."""


def progress(client: BatchClient, job: JobFacts, waiting: Sequence[WaitingTask]) -> Progress:
    """Ask for the unfinished tasks of the first few stages, or parents, that the tasks depend on."""
    # The order of the tasks' own list, without doubles.
    parents = list(dict.fromkeys(p for task in waiting for p in task.parents if isinstance(p, str)))
    if not parents:
        return Progress()
    by_stage = {parent: stage_of(parent, job.stages) for parent in parents}
    names = list(dict.fromkeys(name for name in by_stage.values() if name is not None))
    if not names:
        return Progress(unfinished=_unfinished(client, job.id, parents[:MOST_PARENTS]))
    read = [_stage(client, job, name) for name in names[:MOST_STAGES]]
    left = {stage.name for stage in read if stage.unfinished}
    return Progress(
        stages=tuple(stage for stage in read if stage.unfinished),
        unfinished=frozenset(parent for parent, name in by_stage.items() if name in left),
    )


def stage_of(task_id: str, names: Iterable[str]) -> str | None:
    """Return the stage of a task by its id, or None for a task of another client's job."""
    # `wait_for_STAGE` and `wait_for_STAGE_2` stand for the whole stage.
    plain = task_id.lower().removeprefix(BARRIER_PREFIX)
    ends = "_" if task_id.lower().startswith(BARRIER_PREFIX) else "-"
    fitting = [name for name in names if plain == name.lower() or plain.startswith(f"{name.lower()}{ends}")]
    return max(fitting, key=len, default=None)


def _stage(client: BatchClient, job: JobFacts, name: str) -> StageProgress:
    own = f"(id eq '{name}' or startswith(id,'{name}-'))"

    def number(state: str) -> int:
        """Count tasks in one state: a filter of several takes over ten times as long among a million tasks."""
        tasks = _first(client, job.id, f"state eq '{state}' and {own}")
        # Other stages may begin with the same letters.
        return sum(stage_of(str(task.id), job.stages) == name for task in tasks)

    running, waiting = number("running"), number("active")
    return StageProgress(name=name, unfinished=running + waiting, running=running, is_all=max(running, waiting) < READ)


def _unfinished(client: BatchClient, job_id: str, parents: Sequence[str]) -> frozenset[str]:
    any_of = " or ".join(f"id eq '{parent}'" for parent in parents)
    return frozenset(str(task.id).lower() for task in _first(client, job_id, f"({any_of}) and state ne 'completed'"))


def _first(client: BatchClient, job_id: str, filter_text: str) -> list[BatchTask]:
    tasks = client.list_tasks(job_id, filter=filter_text, select=["id", "state"], max_results=READ)
    return list(islice(tasks, READ))
