"""A run as it was: its tasks, the nodes that ran them, and how it ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shoal.runs.why.failure_summary import FailureSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task of a run, with the last of its attempts."""

    id: str
    job: str
    """The job that it is in: a run that was retried after its end has several."""
    stage: str
    state: str
    result: str = ""
    """`success` or `failure`, or empty where it has not completed."""
    exit_code: int | None = None
    failure: str = ""
    """The error code of Batch, such as FailureExitCode."""
    retries: int = 0
    """Attempts that failed before."""
    requeues: int = 0
    """Attempts that lost their node."""
    slots: int = 1
    node: str = ""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def duration(self) -> timedelta | None:
        return self.ended - self.started if self.started and self.ended else None

    @property
    def waited(self) -> timedelta | None:
        """The time from its creation to the start of its last attempt, with the time for which it waited for others."""
        return self.started - self.created if self.started and self.created else None

    @property
    def failed(self) -> bool:
        return self.result == "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRecord:
    id: str
    vm_size: str = ""
    slots_per_node: int = 1
    is_there: bool = True
    """False where Batch does not have the pool any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """One job of the run."""

    id: str
    state: str
    reason: str = ""
    """The reason for its end, in Batch's words."""
    created: datetime | None = None
    ended: datetime | None = None
    failures: Sequence[FailureSummary] = ()
    failures_read: str = ""
    """`1000 of 100000 failures were read`, or nothing where all were."""
    own_tasks_failed: Sequence[str] = ()
    """Sentences about the failures of its preparation and release tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    run_id: str
    """Empty for a job that another client made."""
    run_name: str
    read_at: datetime
    jobs: Sequence[JobState]
    """Those that Batch has, oldest first; at least one."""
    pool: PoolRecord
    tasks: Sequence[TaskRecord]
    """Without tasks that only wait for others. Of a task that several jobs of the run have, the last one."""
    stages: Sequence[str]
    """In the order of the job file."""
    nodes_there: Mapping[str, bool] = field(default_factory=dict)
    """Nodes that Batch still has, and whether each is a Spot node."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """The environment document; it has no secrets."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those of the run's manifest; none where it has no manifest."""
    withheld: Sequence[str] = ()
    """Names of the parameters whose values are secrets."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """Job file, packages, image, versions and commit, from the manifest."""

    @property
    def job_id(self) -> str:
        return self.jobs[0].id

    @property
    def began(self) -> datetime | None:
        return min((task.started for task in self.tasks if task.started), default=None)

    @property
    def ended(self) -> datetime | None:
        return max((task.ended for task in self.tasks if task.ended), default=None)

    @property
    def makespan(self) -> timedelta | None:
        """The time from the creation of the first task to the end of the last one that has ended."""
        created = min((task.created for task in self.tasks if task.created), default=None)
        return self.ended - created if created and self.ended else None

    @property
    def is_over(self) -> bool:
        return all(task.state == "completed" for task in self.tasks)
