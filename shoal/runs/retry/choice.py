"""Decides which tasks of a run run again. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shoal.runs.blocked import blocked
from shoal.runs.job_queries import task_key
from shoal.runs.retry.unfinished_work import UnfinishedTask, UnfinishedWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The tasks that a person has named; all of them without any name."""

    tasks: Sequence[str] = ()
    stages: Sequence[str] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.tasks or self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    tasks: Sequence[UnfinishedTask]
    """Tasks that run again, and waiting ones of ended jobs that go on with them."""
    left_out: int
    """Unfinished tasks that stay as they are: they were not named, or wait for such a task."""

    @property
    def failed(self) -> list[UnfinishedTask]:
        return [task for task in self.tasks if task.failed]

    @property
    def waiting(self) -> list[UnfinishedTask]:
        return [task for task in self.tasks if not task.failed]


def choose(work: UnfinishedWork, request: Request, stages: Sequence[str]) -> Choice:
    """Return the tasks that are named, and the waiting ones that can run once these have succeeded.

    `stages` are the names of the run's stages.
    """
    if request.is_everything:
        return Choice(tasks=list(work.tasks.values()), left_out=0)
    named = {task_key(task) for task in request.tasks}
    chosen = {
        key
        for key, task in work.tasks.items()
        if key in named or (request.stages and stage_of(task.id, stages) in request.stages)
    }
    parents = {key: [one for one in task.parents if one in work.tasks] for key, task in work.tasks.items()}
    # Not named, and nothing that they wait for runs again: they stay, and so does all that waits for them.
    staying = {key for key, task in work.tasks.items() if key not in chosen and (task.failed or not parents[key])}
    waiting = {key: parents[key] for key in work.tasks if key not in staying}
    lost = blocked(waiting, {key: work.tasks[key].satisfies for key in staying}, exact=False)
    tasks = [work.tasks[key] for key in waiting if key not in lost]
    return Choice(tasks=tasks, left_out=len(work.tasks) - len(tasks))


def stage_of(task_id: str, stages: Iterable[str]) -> str:
    """Return the stage of a task by its id; the whole id where no stage is known."""
    own = [stage for stage in stages if task_id == stage or task_id.startswith(f"{stage}-")]
    return max(own, key=len, default=task_id)
