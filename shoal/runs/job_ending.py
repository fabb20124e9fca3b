"""The end of a job, and the reasons why it was not a success."""

from collections.abc import Sequence
from dataclasses import dataclass

from shoal.runs.progress import Counts
from shoal.runs.verdict import DONE, UNSUBMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnding:
    counts: Counts
    """The tasks as list queries gave them at the end; Batch's own counts lag behind."""
    reason: str
    """The reason of Batch, where the job ended; else a sentence."""
    blocked: bool
    """True if tasks are left that can never run."""
    ended_when_stuck: bool = False
    """True if the job was ended since none of its tasks could run any more."""
    expected: int | None = None
    """The number of submitted tasks, where it is known."""
    deferred: tuple[str, ...] = ()
    """Stages whose tasks were not submitted."""
    stopped: str | None = None
    """The reason why the tasks of these stages were not added, such as an earlier one that left no file."""
    continues: str | None = None
    """The job that began the run, where this is a later one."""
    skipped: int = 0
    """The number of tasks that did not run, as their outputs were there."""

    @property
    def missing(self) -> int:
        return max(0, (self.expected or 0) - self.counts.total)

    @property
    def takes_more(self) -> bool:
        """True where the job is active, so that a submission may add tasks."""
        return self.reason in (DONE, UNSUBMITTED) or (self.blocked and not self.ended_when_stuck)

    @property
    def waits_for_submission(self) -> bool:
        """True where the job is active, has nothing to run, and a submission may add the tasks of further stages."""
        return bool(self.deferred) and self.reason == DONE and not self.continues

    @property
    def succeeded(self) -> bool:
        """True where there are tasks, or all were skipped, and every expected one was listed as a success."""
        is_empty = not self.counts.total and not self.skipped
        return not is_empty and self.counts.total == self.counts.succeeded and not self.missing and not self.deferred

    @property
    def problem(self) -> str:
        """`1 of 5 tasks failed, 1 never ran`, for an ending without success."""
        counts = self.counts
        if not counts.total and not self.missing:
            return "it ended without any task"
        parts = [f"{counts.failed} of {counts.total + self.missing} tasks failed", f"{counts.active} never ran"]
        if counts.running:
            parts.append(f"{counts.running} did not complete")
        if self.missing:
            parts.append(f"{self.missing} are not in the job any more")
        if self.stopped:
            parts.append(self.stopped)
        elif self.deferred:
            # A submission adds nothing to a job that continues the run of another.
            way = f"`shoal retry {self.continues} --with FILE`" if self.continues else "submit the file again"
            parts.append(f"the tasks of {', '.join(self.deferred)} are still to be added: {way}")
        return ", ".join(parts)


def adding_command(job_id: str, deferred: Sequence[str], continues: str | None) -> str:
    """Return the sentence with the command that adds the tasks of stages which follow from an earlier one's files."""
    names = ", ".join(deferred)
    if continues:  # a submission adds nothing to a job that continues the run of another
        return f"`shoal retry {continues} --with FILE`, with the job's file, adds the tasks of {names}"
    other = f"where it cannot, `shoal run FILE --job {job_id}` does, with the same file and the same -p"
    return f"`shoal watch {job_id}` adds the tasks of {names} and goes on; {other}"


def completing_command(job_id: str, ending: JobEnding) -> str:
    """Return the sentence with the command that adds the tasks which a submission that broke off left out."""
    tasks = "the missing task" if ending.missing == 1 else f"the {ending.missing} missing tasks"
    if ending.takes_more and not ending.continues:
        return f"`shoal submit FILE --job {job_id}`, with the same file and the same -p, adds {tasks}"
    return f"`shoal retry {ending.continues or job_id} --with FILE`, with the job's file and the same -p, adds {tasks}"
