"""The verdict on a job: lists decide, and counts cannot make it wrong."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shoal.runs.job_ending import JobEnding
from shoal.runs.progress import Counts
from shoal.runs.verdict import LAG, Job, Unfinished, Watched, reason_to_end
from shoal.runs.watch import Clock, watch

ENDS, STAYS = Job(state="active", ends_by_itself=True), Job(state="active")
COMPLETED = Job(state="completed", reason="AllTasksComplete", ends_by_itself=True)
CANCELLED = Job(state="completed", reason="UserTerminate")
LONG_AGO = LAG.total_seconds()
LAGGED = "the job is completed, but 3 minutes later not all of its tasks are"


@pytest.mark.parametrize(
    ("job", "unfinished", "done", "completed_for", "reason"),
    [
        (ENDS, Unfinished(running=1), 0, 0, None),
        (ENDS, Unfinished(active=1), 0, 0, None),
        (ENDS, Unfinished(active=1, stuck="they wait"), 0, 0, "they wait"),
        (ENDS, Unfinished(), 1, 0, None),
        (ENDS, Unfinished(), 2, 0, "all tasks completed"),
        (STAYS, Unfinished(), 3, 0, None),
        (STAYS, Unfinished(), 4, 0, "all tasks completed"),
        (COMPLETED, Unfinished(), 1, 0, "AllTasksComplete"),
        (COMPLETED, Unfinished(running=3), 0, 0, None),
        (COMPLETED, Unfinished(active=2), 0, LONG_AGO - 1, None),
        (COMPLETED, Unfinished(active=2), 0, LONG_AGO, LAGGED),
        (CANCELLED, Unfinished(active=2), 0, 0, "UserTerminate"),
        (CANCELLED, Unfinished(active=2, running=1), 0, 0, None),
        (CANCELLED, Unfinished(running=1), 0, LONG_AGO, LAGGED),
    ],
)
def test_job_is_at_its_end_for_a_reason(
    job: Job, unfinished: Unfinished, done: int, completed_for: float, reason: str | None
) -> None:
    past = Watched(done=done, completed_since=100.0 if job.completed else None, at=100.0 + completed_for)
    assert reason_to_end(job, unfinished, past) == reason


@pytest.mark.parametrize(
    ("counts", "expected", "problem"),
    [
        (Counts(succeeded=3), None, None),
        (Counts(succeeded=3), 3, None),
        (Counts(succeeded=4), 3, None),
        (Counts(succeeded=2), 3, "0 of 3 tasks failed, 0 never ran, 1 are not in the job any more"),
        (Counts(), 3, "0 of 3 tasks failed, 0 never ran, 3 are not in the job any more"),
        (Counts(), None, "it ended without any task"),
        (Counts(succeeded=2, failed=1), 3, "1 of 3 tasks failed, 0 never ran"),
        (Counts(succeeded=2, active=1), 3, "0 of 3 tasks failed, 1 never ran"),
        (Counts(succeeded=2, running=1), None, "0 of 3 tasks failed, 0 never ran, 1 did not complete"),
    ],
)
def test_job_succeeded_only_if_every_expected_task_did(
    counts: Counts, expected: int | None, problem: str | None
) -> None:
    ending = JobEnding(counts=counts, reason="", blocked=False, expected=expected)
    assert (None if ending.succeeded else ending.problem) == problem


@dataclass(frozen=True, kw_only=True)
class Task:
    starts: int
    takes: int
    succeeds: bool
    lag: int
    """Seconds until lists know that it has ended."""

    @property
    def ends(self) -> int:
        return self.starts + self.takes


@dataclass(kw_only=True)
class World:
    """A job whose lists lag behind it, and whose counts may be anything."""

    tasks: list[Task]
    dependents: int
    """Tasks that can run only if no other fails; they take no time."""
    needs_exact: bool
    """True if only an exact question finds that the dependents can never run."""
    ends_by_itself: bool
    cancelled_at: int | None
    counts: list[Counts]
    now: float = 0.0
    polls: int = field(default=0)

    @property
    def is_stuck(self) -> bool:
        return self.dependents > 0 and not all(task.succeeds for task in self.tasks)

    @property
    def completes_at(self) -> float:
        by_itself = self.ends_by_itself and not self.is_stuck
        ends = max(task.ends for task in self.tasks) if by_itself else float("inf")
        return ends if self.cancelled_at is None else min(ends, self.cancelled_at)

    def outcome(self) -> Counts:
        """Return the tasks as they are in the end."""
        until = self.completes_at
        started = [task for task in self.tasks if task.starts < until]
        succeeded = sum(task.succeeds and task.ends <= until for task in started)
        never = len(self.tasks) - len(started)
        dependents_run = not self.is_stuck and max(task.ends for task in self.tasks) <= until
        return Counts(
            active=never + (0 if dependents_run else self.dependents),
            succeeded=succeeded + (self.dependents if dependents_run else 0),
            failed=len(started) - succeeded,
        )

    def read(self) -> tuple[Job, Counts]:
        self.polls += 1
        is_completed = self.now >= self.completes_at
        is_cancelled = self.completes_at == self.cancelled_at
        reason = ("UserTerminate" if is_cancelled else "AllTasksComplete") if is_completed else ""
        job = Job(state="completed" if is_completed else "active", reason=reason, ends_by_itself=self.ends_by_itself)
        return job, self.counts[self.polls % len(self.counts)]

    def unfinished(self, job: Job, *, exact: bool) -> Unfinished:
        until = self.completes_at
        moment = min(self.now, until)
        active = sum(task.starts >= moment for task in self.tasks)
        running = sum(task.starts < moment and self.now < min(task.ends, until) + task.lag for task in self.tasks)
        left = self.outcome().active if self.now >= until else active
        waiting = left + (self.dependents if self.now < until and (self.is_stuck or active or running) else 0)
        is_stuck = self.is_stuck and not active and not running and (exact or not self.needs_exact)
        return Unfinished(active=waiting, running=running, stuck="they wait" if is_stuck else "")

    def results(self) -> tuple[int, int]:
        return self.outcome().succeeded, self.outcome().failed


def tasks() -> st.SearchStrategy[Task]:
    return st.builds(
        Task,
        starts=st.integers(0, 300),
        takes=st.integers(1, 300),
        succeeds=st.sampled_from([True, True, True, False]),
        lag=st.integers(0, 120),
    )


def any_counts() -> st.SearchStrategy[Counts]:
    number = st.integers(0, 4)
    return st.builds(Counts, active=number, running=number, succeeded=number, failed=number)


STUCK_UNLESS_EXACT = World(
    tasks=[Task(starts=0, takes=5, succeeds=False, lag=0)],
    dependents=1,
    needs_exact=True,
    ends_by_itself=True,
    cancelled_at=None,
    counts=[Counts(running=3)],
)


@example(world=STUCK_UNLESS_EXACT, deleted=0)
@given(
    world=st.builds(
        World,
        tasks=st.lists(tasks(), min_size=1, max_size=5),
        dependents=st.integers(0, 2),
        needs_exact=st.booleans(),
        ends_by_itself=st.booleans(),
        cancelled_at=st.none() | st.integers(1, 600),
        counts=st.lists(any_counts(), min_size=1, max_size=5),
    ),
    deleted=st.integers(0, 1),
)
def test_stale_counts_never_make_a_wrong_ending_and_it_comes_in_time(world: World, deleted: int) -> None:
    def sleep(seconds: float) -> None:
        world.now += seconds
        assert world.now < 3000, "the watch does not end"

    outcome = world.outcome()
    ending = watch(
        world,
        on_snapshot=lambda _: None,
        on_silence=lambda _: None,
        expected=outcome.total + deleted,
        clock=Clock(now=lambda: world.now, sleep=sleep),
    )
    assert ending.counts == outcome
    assert ending.succeeded == (outcome.succeeded == outcome.total and not deleted)
