"""The closed sets of words that the tables hold, in Batch's spelling.

`schema.sql` repeats each set in a CHECK. The sets are Azure's whole ones, also where this service does not yet use a
word, so that a later version can use it without rebuilding the table.
Source: azure-batch 15.1, the enums of the same names with `Batch` in front.
"""

from enum import StrEnum


class TaskState(StrEnum):
    ACTIVE = "active"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class TaskResult(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"


class SubtaskState(StrEnum):
    """The state of an instance of a multi-instance task."""

    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class StartTaskState(StrEnum):
    """The state of a node's start task. It stands in the node's `start_task_info` only."""

    RUNNING = "running"
    COMPLETED = "completed"


class JobNodeTaskKind(StrEnum):
    """The tasks of a job that run on its nodes beside its own."""

    PREPARATION = "preparation"
    RELEASE = "release"


class JobNodeTaskState(StrEnum):
    """The state of a job preparation or release task on a node."""

    RUNNING = "running"
    COMPLETED = "completed"


class CountedState(StrEnum):
    """A task's state as `task_counts` keeps it: active tasks that wait for others are counted apart."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class JobState(StrEnum):
    ACTIVE = "active"
    DISABLING = "disabling"
    DISABLED = "disabled"
    ENABLING = "enabling"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class JobScheduleState(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    DISABLED = "disabled"
    TERMINATING = "terminating"
    DELETING = "deleting"


class DisableJobOption(StrEnum):
    """The fate of the running tasks of a job that is disabled."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    WAIT = "wait"


class AllTasksCompleteMode(StrEnum):
    """A job's `onAllTasksComplete`."""

    NO_ACTION = "noaction"
    TERMINATE_JOB = "terminatejob"


class TaskFailureMode(StrEnum):
    """A job's `onTaskFailure`. It stands in the job's definition only."""

    NO_ACTION = "noaction"
    PERFORM_EXIT_OPTIONS_JOB_ACTION = "performexitoptionsjobaction"


class PoolState(StrEnum):
    ACTIVE = "active"
    DELETING = "deleting"


class AllocationState(StrEnum):
    STEADY = "steady"
    RESIZING = "resizing"
    STOPPING = "stopping"


class NodeState(StrEnum):
    IDLE = "idle"
    REBOOTING = "rebooting"
    REIMAGING = "reimaging"
    RUNNING = "running"
    UNUSABLE = "unusable"
    CREATING = "creating"
    STARTING = "starting"
    WAITING_FOR_START_TASK = "waitingforstarttask"
    START_TASK_FAILED = "starttaskfailed"
    UNKNOWN = "unknown"
    LEAVING_POOL = "leavingpool"
    OFFLINE = "offline"
    PREEMPTED = "preempted"
    UPGRADING_OS = "upgradingos"
    DEALLOCATED = "deallocated"
    DEALLOCATING = "deallocating"


class NodeDeallocationOption(StrEnum):
    """The fate of the tasks on a node that leaves its pool, or reboots: `nodeRebootOption` has the same words."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


class NodeDisableSchedulingOption(StrEnum):
    """The fate of the tasks on a node that takes no more of them."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"


class NodeFillType(StrEnum):
    """The order in which a pool's nodes take tasks."""

    SPREAD = "spread"
    PACK = "pack"


class PackageState(StrEnum):
    """ARM writes the two with a capital letter. Source: azure-mgmt-batch 19, PackageState."""

    PENDING = "pending"
    ACTIVE = "active"
