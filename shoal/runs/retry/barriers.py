"""Barriers that have let later tasks run although a task before them failed, with `on_failure: continue`.

If that task runs again, tasks behind the barrier that run again as well have to wait for it once more.
"""

from collections.abc import Callable, Sequence

from azure.batch import BatchClient
from azure.core.exceptions import ResourceNotFoundError

from shoal.jobs.barrier_ids import is_barrier
from shoal.runs.job_queries import task_key
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.unfinished_work import UnfinishedTask

ReadBarrier = Callable[[str], UnfinishedTask | None]


class Behind:
    """Tells which tasks wait for others that run again."""

    def __init__(self, tasks: Sequence[UnfinishedTask], read: ReadBarrier) -> None:
        self._again = {task_key(task.id) for task in tasks}
        # Only such a failure lets anything behind it run, so without any there is nothing to look for.
        self._any = any(task.satisfies for task in tasks)
        self._read = read
        self._barriers: dict[str, UnfinishedTask | None] = {}

    def waits(self, task: UnfinishedTask) -> bool:
        """Return True where the task depends on one that runs again, also through barriers."""
        # Every parent is looked at: each of several barriers has to wait again.
        return self._any and True in {self._leads_to_one(parent) for parent in task.parents}

    @property
    def barriers(self) -> list[UnfinishedTask]:
        """The succeeded barriers between the tasks that were asked for and those that run again."""
        return [barrier for barrier in self._barriers.values() if barrier is not None]

    def _leads_to_one(self, parent: str) -> bool:
        if parent in self._again or not is_barrier(parent):
            return parent in self._again
        if parent not in self._barriers:
            barrier = self._read(parent)
            self._barriers[parent] = barrier if barrier is not None and self.waits(barrier) else None
        return self._barriers[parent] is not None


def read_barrier(client: BatchClient, run: JobsOfRun) -> ReadBarrier:
    """Return a function that reads a barrier from the latest job of the run that has it."""

    def read(barrier: str) -> UnfinishedTask | None:
        for job in reversed(run.jobs):
            try:
                body = client.get_task(str(job.id), barrier).as_dict()
            except ResourceNotFoundError:
                continue
            return UnfinishedTask(job_id=str(job.id), body=body, failed=False)
        return None

    return read
