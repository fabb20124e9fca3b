"""Nodes for waiting and running tasks: Spot first, dedicated while Spot capacity is missing, none when idle."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least, no_negative_nodes
from shoal.autoscale.scenarios.demand import DRAIN, demand
from shoal.autoscale.scenarios.writing import Line, written


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTasks:
    max_spot_nodes: int = field(default=100, metadata={"meaning": "maximum number of Spot nodes"})
    max_dedicated_nodes: int = field(
        default=10, metadata={"meaning": "maximum number of dedicated nodes while Spot nodes are missing; 0: none"}
    )
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    hold: timedelta = field(
        default=timedelta(minutes=10), metadata={"meaning": "how long nodes stay after they are last needed"}
    )
    max_step: int | None = field(default=None, metadata={"meaning": "maximum number of nodes that one evaluation adds"})
    warm_up_nodes: int = field(default=0, metadata={"meaning": "Spot nodes that a new pool starts with"})
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "time between two evaluations of the formula"}
    )

    def __post_init__(self) -> None:
        no_negative_nodes(self, "max_spot_nodes", "max_dedicated_nodes", "warm_up_nodes")
        at_least(1, self, "max_spot_nodes")
        at_least(1, self, "max_step")
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: PendingTasks) -> str:
    lines = [
        Line("The most nodes that quota and budget allow.", f"maxSpotNodes = {scenario.max_spot_nodes}"),
        *demand(slots_per_task=scenario.slots_per_task, hold=scenario.hold),
        *_warmed_up(scenario),
        *_stepped(scenario),
        *_fall_back(scenario),
        Line("Spot nodes for all tasks, up to the limit.", "$TargetLowPriorityNodes = min(maxSpotNodes, wantedNodes)"),
        DRAIN,
    ]
    title = "Follows the tasks with Spot nodes, down to none."
    return written(title, lines, every=scenario.evaluation_interval)


def _warmed_up(scenario: PendingTasks) -> list[Line]:
    """Return statements that end with `wantedNodes`."""
    kept = "$CurrentLowPriorityNodes"
    if not scenario.warm_up_nodes:
        why = "While samples are few, the pool may grow but not shrink."
        return [Line(why, f"wantedNodes = sampled < 70 ? max(neededNodes, {kept}) : neededNodes")]
    return [
        Line("A new pool starts these nodes before it has seen any task.", f"warmUpNodes = {scenario.warm_up_nodes}"),
        Line(
            "While samples are few, the pool may grow but not shrink.",
            f"wantedNodes = sampled < 70 ? max(neededNodes, {kept}, warmUpNodes) : neededNodes",
        ),
    ]


def _stepped(scenario: PendingTasks) -> list[Line]:
    if scenario.max_step is None:
        return []
    return [
        Line("Storage and licence servers cannot take all nodes at once.", f"maxStep = {scenario.max_step}"),
        Line(
            "The pool grows by at most this much in one evaluation.",
            "wantedNodes = min(wantedNodes, $CurrentLowPriorityNodes + maxStep)",
        ),
    ]


def _fall_back(scenario: PendingTasks) -> list[Line]:
    if not scenario.max_dedicated_nodes:
        return []
    return [
        Line("Dedicated nodes cost several times as much.", f"maxDedicatedNodes = {scenario.max_dedicated_nodes}"),
        Line(
            "1 where enough samples tell how many Spot nodes are pre-empted.",
            f"known = {_TAKEN}.GetSamplePercent(holdTime) >= 70",
        ),
        Line(
            "Spot nodes in the pool, without pre-empted ones.",
            # max() makes a number of the vector of one; it would fail on an empty one, which `known` rules out.
            f"spotNodes = $CurrentLowPriorityNodes - (known ? max({_TAKEN}.GetSample(1)) : 0)",
        ),
        Line(
            "Tasks present during the whole hold time: newer ones may still get Spot nodes.",
            "lastingTasks = sampled < 70 ? 0 : min($PendingTasks.GetSample(holdTime))",
        ),
        Line("Nodes needed for these tasks.", "lastingNodes = ceil(lastingTasks * slotsPerTask / $TaskSlotsPerNode)"),
        Line(
            "Spot nodes that have been needed all the time and have not come.",
            "missingNodes = max(0, min($TargetLowPriorityNodes, lastingNodes) - spotNodes)",
        ),
        Line(
            "Dedicated nodes stand in for them until they come.",
            "standIns = sampled < 70 ? $CurrentDedicatedNodes : missingNodes",
        ),
        Line("The stand-ins, up to the limit.", "$TargetDedicatedNodes = min(maxDedicatedNodes, standIns)"),
    ]


_TAKEN = "$PreemptedNodeCount"
