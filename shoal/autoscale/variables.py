"""The variables, constants and deallocation options that Batch defines.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Variables; for the
retired ones and their date, the retirement notice of resource variables.
"""

from dataclasses import dataclass
from enum import Enum

from shoal.autoscale.ticks import DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND, TICK, WEEK, YEAR
from shoal.autoscale.types import Type


class Access(Enum):
    READ_WRITE = "read and write"
    READ_ONLY = "read only"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVariable:
    name: str
    type: Type
    access: Access
    meaning: str
    retired: bool = False
    """The name is still accepted, but has had no samples since 31 March 2024."""


class Deallocation(Enum):
    """Handling of the tasks on a node that leaves the pool."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


TARGET_DEDICATED = "$TargetDedicatedNodes"
TARGET_SPOT = "$TargetLowPriorityNodes"
DEALLOCATION = "$NodeDeallocationOption"
CURRENT_DEDICATED = "$CurrentDedicatedNodes"
CURRENT_SPOT = "$CurrentLowPriorityNodes"
SLOTS_PER_NODE = "$TaskSlotsPerNode"

TARGETS = (TARGET_DEDICATED, TARGET_SPOT)

ALIASES = {
    "$TargetDedicated": TARGET_DEDICATED,
    "$TargetLowPriority": TARGET_SPOT,
    "$CurrentDedicated": CURRENT_DEDICATED,
    "$CurrentLowPriority": CURRENT_SPOT,
}
"""Older spellings. The full name wins where a formula assigns both."""

TASK_METRICS = ("$ActiveTasks", "$RunningTasks", "$PendingTasks")


def _variable(name: str, meaning: str, type_: Type = Type.METRIC, *, retired: bool = False) -> ServiceVariable:
    access = Access.READ_WRITE if type_ is not Type.METRIC else Access.READ_ONLY
    return ServiceVariable(name=name, type=type_, access=access, meaning=meaning, retired=retired)


SERVICE_VARIABLES: dict[str, ServiceVariable] = {
    variable.name: variable
    for variable in (
        _variable(TARGET_DEDICATED, "number of dedicated nodes to reach; unassigned, the current target", Type.DOUBLE),
        _variable(TARGET_SPOT, "number of Spot nodes to reach; unassigned, the current target", Type.DOUBLE),
        _variable(DEALLOCATION, "what happens to running tasks when nodes are removed", Type.OPTION),
        _variable("$ActiveTasks", "tasks that are ready to run and wait for a free slot"),
        _variable("$RunningTasks", "tasks that are running"),
        _variable("$PendingTasks", "active and running tasks together"),
        _variable("$SucceededTasks", "tasks that succeeded"),
        _variable("$FailedTasks", "tasks that failed"),
        _variable("$CPUPercent", "mean processor use, from 0 to 1"),
        _variable(CURRENT_DEDICATED, "dedicated nodes in the pool"),
        _variable(CURRENT_SPOT, "Spot nodes in the pool, pre-empted ones included"),
        _variable("$PreemptedNodeCount", "Spot nodes that were pre-empted and have not come back"),
        _variable("$UsableNodeCount", "nodes that can run tasks"),
        _variable(SLOTS_PER_NODE, "task slots of each node"),
        *(
            _variable(f"${name}", "no longer sampled", retired=True)
            for name in (
                "WallClockSeconds",
                "MemoryBytes",
                "DiskBytes",
                "DiskReadBytes",
                "DiskWriteBytes",
                "DiskReadOps",
                "DiskWriteOps",
                "NetworkInBytes",
                "NetworkOutBytes",
                "SampleNodeCount",
            )
        ),
    )
}

METRICS = tuple(
    name for name, variable in SERVICE_VARIABLES.items() if variable.type is Type.METRIC and not variable.retired
)
"""Variables that have samples, in the service and in the simulator alike."""

_BY_LOWER_CASE = {name.lower(): name for name in SERVICE_VARIABLES} | {k.lower(): v for k, v in ALIASES.items()}


def service_name(name: str) -> str | None:
    """Return the full name of a service variable, or None. Case is ignored: published formulas use both."""
    return _BY_LOWER_CASE.get(name.lower())


TIME_CONSTANTS = {
    "TimeInterval_Zero": 0,
    "TimeInterval_100ns": TICK,
    "TimeInterval_Microsecond": MICROSECOND,
    "TimeInterval_Millisecond": MILLISECOND,
    "TimeInterval_Second": SECOND,
    "TimeInterval_Minute": MINUTE,
    "TimeInterval_Hour": HOUR,
    "TimeInterval_Day": DAY,
    "TimeInterval_Week": WEEK,
    "TimeInterval_Year": YEAR,
}
"""Lengths in ticks."""

OPTIONS = {option.value: option for option in Deallocation}
