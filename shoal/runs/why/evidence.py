"""Facts about a job and its pool at one moment, as far as the decision table needs them. Nothing here asks Batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shoal.nodes.pool_nodes import WORKING, PoolNode, Targets
from shoal.nodes.recovery import STARTING
from shoal.runs.blocked import Parent
from shoal.runs.progress import Counts
from shoal.runs.stuck_job import TASKS_BLOCKED
from shoal.runs.why.failure_kinds import Failures

NONE = Targets(dedicated=0, low_priority=0)
NO_FAILURES = Failures()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    id: str
    state: str
    pool_id: str
    reason: str = ""
    """The reason for its end, in Batch's words."""
    began: datetime | None = None
    ended: datetime | None = None
    expected: int | None = None
    """The number of tasks that its file asked for, where the job has the record of its run."""
    skipped: int = 0
    """The number of tasks that were not added, as their outputs were there."""
    stages: Mapping[str, int] = field(default_factory=dict)
    """The number of tasks of each stage, from the same record."""
    deferred: tuple[str, ...] = ()
    """Stages whose tasks are to be added when an earlier one has ended."""
    continues: str | None = None
    """The id of the job that began the run, where this is a later one."""

    @property
    def is_over(self) -> bool:
        return self.state in ("completed", "terminating", "deleting")

    @property
    def is_disabled(self) -> bool:
        """True where Batch starts none of its tasks until somebody enables it."""
        return self.state in ("disabled", "disabling", "enabling")

    @property
    def was_ended_by_failure(self) -> bool:
        """True where a failed task is why Batch, or Shoal, has ended it."""
        return self.is_over and self.reason in ("TaskFailed", TASKS_BLOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaRun:
    """The last evaluation of a pool's formula by Batch."""

    at: datetime | None = None
    results: str = ""
    """`$TargetDedicatedNodes=0;$TargetLowPriorityNodes=2;…`, with the formula's own variables."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    id: str
    state: str = "active"
    is_steady: bool = True
    slots_per_node: int = 1
    targets: Targets = NONE
    current: Targets = NONE
    resize_faults: tuple[Fault, ...] = ()
    formula: str | None = None
    interval: timedelta | None = None
    """Time between two evaluations of the formula."""
    run: FormulaRun | None = None

    @property
    def target(self) -> int:
        return self.targets.dedicated + self.targets.low_priority

    @property
    def nodes(self) -> int:
        return self.current.dedicated + self.current.low_priority


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTask:
    id: str
    slots: int = 1
    instances: int = 1
    """Nodes that it needs at once."""
    parents: tuple[Parent, ...] = ()
    """Tasks that it depends on; ids in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProgress:
    """The tasks of a stage that have not completed."""

    name: str
    unfinished: int
    running: int
    is_all: bool = True
    """False where there are more than were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShare:
    """The part of a pool that one of its jobs holds, and wants."""

    job_id: str
    running: int
    running_slots: int
    active: int
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprepared:
    """A node on which the job preparation task failed, so that it takes no task of the job."""

    node: str
    directory: str = ""
    """The directory of the task on the node."""
    exit_code: int | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """The one task that was asked about."""

    id: str
    state: str
    succeeded: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    node: str | None = None
    retries: int = 0
    """Attempts that failed before."""
    requeues: int = 0
    """Attempts that lost their node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    now: datetime
    job: JobFacts
    counts: Counts
    """The job's tasks by state; of a single task, one in its state."""
    task: TaskFacts | None = None
    pool: PoolFacts | None = None
    """None where Batch has no such pool."""
    nodes: tuple[PoolNode, ...] = ()
    waiting: tuple[WaitingTask, ...] = ()
    """Waiting tasks, of a large job only the first."""
    others: tuple[WaitingTask, ...] = ()
    """Further waiting tasks of the job, where one task was asked about."""
    unfinished_parents: frozenset[str] | None = None
    """The tasks among the waiting ones' parents that have not completed; None where they were not asked for."""
    stages: tuple[StageProgress, ...] = ()
    """Stages that are waited for."""
    shares: tuple[JobShare, ...] = ()
    """Active jobs on the pool, of many only the first."""
    failures: Failures = NO_FAILURES
    """Without those whose tasks have succeeded in a later job of the run."""
    later_job: str | None = None
    """The last job that continues the run of this one, where it has tasks without success."""
    mended: int = 0
    """The number of failed tasks that have succeeded in a later job."""
    start_task_stderr: tuple[str, ...] = ()
    """The last lines of a node whose start task failed."""
    unprepared: tuple[Unprepared, ...] = ()
    """Nodes that are there and refuse the job's tasks."""
    preparation_stderr: tuple[str, ...] = ()
    """The last lines of the first of them."""

    @property
    def subject(self) -> str:
        return f"job {self.job.id}" if self.task is None else f"task {self.task.id} of job {self.job.id}"

    @property
    def working(self) -> tuple[PoolNode, ...]:
        return self.nodes_in(*WORKING)

    @property
    def starting(self) -> tuple[PoolNode, ...]:
        return self.nodes_in(*STARTING)

    @property
    def open_nodes(self) -> tuple[PoolNode, ...]:
        """The working nodes that take tasks of the job."""
        refusing = {one.node for one in self.unprepared}
        return tuple(node for node in self.working if node.id not in refusing)

    def nodes_in(self, *states: str) -> tuple[PoolNode, ...]:
        return tuple(node for node in self.nodes if node.state in states)
