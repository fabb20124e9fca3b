"""Decides when a job is at its end. Pure.

Task counts are eventually consistent and can disagree with the job, so they only choose the moments at which lists are
read; lists of tasks decide. A job can be `completed` up to two minutes before its tasks are.

Source: Batch REST, Job - Get Task Counts: "if you need exact task counts, use a list query"; Azure/BatchExplorer#2352.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from shoal.runs.progress import Counts

LAG = timedelta(minutes=3)
"""Time for which the tasks of a completed job are waited for: Azure's two minutes, and one to spare."""
SETTLED = 3
"""Lists without an unfinished task after which a job without an order to end counts as done."""
ALL_TASKS_COMPLETE = "AllTasksComplete"
SELDOM = 32
"""Polls after which lists are read in any case, for counts that are never right."""
STILL = 3
"""Lists with nothing but waiting tasks after which their dependencies are asked for exactly."""
BEHIND_FAILURES = "the tasks that are left wait for tasks that failed"
BEHIND_OTHERS = "the tasks that are left wait for tasks that do not satisfy them or do not exist"
LAGGED = f"the job is completed, but {LAG.seconds // 60} minutes later not all of its tasks are"
DONE = "all tasks completed"
STALLED = 12
"""Lists in a row without an unfinished task, and without a change, after which a submission counts as broken off."""
STALLED_EMPTY = 128
"""Polls of a job without any task after which its submission counts as broken off: about six minutes."""
UNSUBMITTED = "the submission broke off before its last task; submit the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    state: str | None
    reason: str = ""
    """The reason for its end, in Batch's words."""
    ends_by_itself: bool = False
    """True if it ends with its last task. `shoal` sets this once all tasks are added."""
    expected: int | None = None
    """The number of tasks that its file asked for, where the job has the record of its run."""
    deferred: tuple[str, ...] = ()
    """Stages whose tasks are still to be submitted."""
    continues: str | None = None
    """The job that began the run, where this is a later one."""
    skipped: int = 0
    """The number of tasks that are not in the job, as their outputs were there."""

    @property
    def completed(self) -> bool:
        return self.state == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Tasks listed as not completed; all of them where the job is completed or stuck, else perhaps only the first."""

    active: int = 0
    running: int = 0
    stuck: str = ""
    """The reason why none of them can ever run, where that is so."""

    def __bool__(self) -> bool:
        return self.active + self.running > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The past of a watched job, as far as decisions depend on it."""

    counts: Counts = field(default_factory=Counts)
    polls: int = 0
    unchanged: int = 0
    """Polls since the counts changed."""
    done: int = 0
    """Lists in a row without an unfinished task."""
    still: int = 0
    """Lists in a row with nothing but waiting tasks."""
    completed_since: float | None = None
    at: float = 0.0
    """The time of the last poll, in seconds."""

    @property
    def completed_for(self) -> float:
        return 0.0 if self.completed_since is None else self.at - self.completed_since


def after_poll(past: Watched, job: Job, counts: Counts, now: float) -> Watched:
    since = now if past.completed_since is None else past.completed_since
    return replace(
        past,
        counts=counts,
        polls=past.polls + 1,
        unchanged=past.unchanged + 1 if counts == past.counts else 0,
        completed_since=since if job.completed else None,
        at=now,
    )


def after_lists(past: Watched, unfinished: Unfinished) -> Watched:
    only_waiting = unfinished.active > 0 and not unfinished.running
    return replace(past, done=0 if unfinished else past.done + 1, still=past.still + 1 if only_waiting else 0)


def is_time_to_list(job: Job, past: Watched) -> bool:
    """Return True where counts hint at the end, and else less and less often while they stay, as they may be wrong."""
    counts = past.counts
    hint = counts.completed > 0 and counts.completed == counts.total
    return job.completed or hint or past.unchanged.bit_count() == 1 or past.polls % SELDOM == 0


def reason_to_end(job: Job, unfinished: Unfinished, past: Watched) -> str | None:
    """Return the reason why the job is at its end, or None where it goes on."""
    if job.completed:
        return _end_of_completed(job, unfinished, past)
    if unfinished:
        return unfinished.stuck or None
    if not job.ends_by_itself and past.counts.total < (job.expected or 0):
        return UNSUBMITTED if _has_stalled(past) else None
    return DONE if past.done > (1 if job.ends_by_itself else SETTLED) else None


def _has_stalled(past: Watched) -> bool:
    if not past.counts.total:  # what is skipped may still be decided
        return past.unchanged >= STALLED_EMPTY
    return min(past.done, past.unchanged) >= STALLED


def _end_of_completed(job: Job, unfinished: Unfinished, past: Watched) -> str | None:
    """Active tasks of a job that ended for another reason than its last task stay active for ever."""
    may_complete = unfinished.running or (unfinished.active and job.reason == ALL_TASKS_COMPLETE)
    if not may_complete:
        return job.reason
    return LAGGED if past.completed_for >= LAG.total_seconds() else None
