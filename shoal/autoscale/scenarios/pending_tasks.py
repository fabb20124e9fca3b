"""Nodes for the tasks that wait and run: Spot first, dedicated where Spot is not to be had, none when idle."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least, no_negative_nodes
from shoal.autoscale.scenarios.demand import DRAIN, demand
from shoal.autoscale.scenarios.writing import Line, written


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTasks:
    max_spot_nodes: int = field(default=100, metadata={"meaning": "never more Spot nodes than these"})
    max_dedicated_nodes: int = field(
        default=10, metadata={"meaning": "dedicated nodes at most, while Spot nodes are not to be had; 0: none"}
    )
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    hold: timedelta = field(
        default=timedelta(minutes=10), metadata={"meaning": "how long nodes stay after the work would fit on fewer"}
    )
    max_step: int | None = field(default=None, metadata={"meaning": "nodes added at most by one evaluation"})
    warm_up_nodes: int = field(default=0, metadata={"meaning": "Spot nodes that a new pool starts with"})
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "how often the pool evaluates the formula"}
    )

    def __post_init__(self) -> None:
        no_negative_nodes(self, "max_spot_nodes", "max_dedicated_nodes", "warm_up_nodes")
        at_least(1, self, "max_spot_nodes")
        at_least(1, self, "max_step")
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: PendingTasks) -> str:
    lines = [
        Line("What quota and budget allow.", f"maxSpotNodes = {scenario.max_spot_nodes}"),
        *demand(slots_per_task=scenario.slots_per_task, hold=scenario.hold),
        *_warmed_up(scenario),
        *_stepped(scenario),
        *_fall_back(scenario),
        Line("Spot nodes for all of it, up to the limit.", "$TargetLowPriorityNodes = min(maxSpotNodes, wantedNodes)"),
        DRAIN,
    ]
    title = "Follows the tasks with Spot nodes, down to none."
    return written(title, lines, every=scenario.evaluation_interval)


def _warmed_up(scenario: PendingTasks) -> list[Line]:
    """Statements that end with `wantedNodes`."""
    kept = "$CurrentLowPriorityNodes"
    if not scenario.warm_up_nodes:
        why = "On few samples the pool may grow, but not shrink."
        return [Line(why, f"wantedNodes = sampled < 70 ? max(neededNodes, {kept}) : neededNodes")]
    return [
        Line("A new pool boots these before it knows of any task.", f"warmUpNodes = {scenario.warm_up_nodes}"),
        Line(
            "On few samples the pool may grow, but not shrink.",
            f"wantedNodes = sampled < 70 ? max(neededNodes, {kept}, warmUpNodes) : neededNodes",
        ),
    ]


def _stepped(scenario: PendingTasks) -> list[Line]:
    if scenario.max_step is None:
        return []
    return [
        Line("Storage and licence servers do not like all nodes at once.", f"maxStep = {scenario.max_step}"),
        Line(
            "So the pool grows by at most that much in one evaluation.",
            "wantedNodes = min(wantedNodes, $CurrentLowPriorityNodes + maxStep)",
        ),
    ]


def _fall_back(scenario: PendingTasks) -> list[Line]:
    if not scenario.max_dedicated_nodes:
        return []
    return [
        Line("Dedicated nodes cost several times as much.", f"maxDedicatedNodes = {scenario.max_dedicated_nodes}"),
        Line("Whether it is known which nodes were taken away.", f"known = {_TAKEN}.GetSamplePercent(holdTime) >= 70"),
        Line(
            "Spot nodes that are there, without those that were taken away.",
            f"spotNodes = $CurrentLowPriorityNodes - (known ? max({_TAKEN}.GetSample(1)) : 0)",
        ),
        Line(
            "Tasks there were in all of the hold time: what has just come may still get its Spot nodes.",
            "lastingTasks = sampled < 70 ? 0 : min($PendingTasks.GetSample(holdTime))",
        ),
        Line("Nodes needed for these.", "lastingNodes = ceil(lastingTasks * slotsPerTask / $TaskSlotsPerNode)"),
        Line(
            "Spot nodes that were asked for, are needed since long, and did not come.",
            "missingNodes = max(0, min($TargetLowPriorityNodes, lastingNodes) - spotNodes)",
        ),
        Line(
            "Dedicated nodes take their place until Spot nodes can be had again.",
            "standIns = sampled < 70 ? $CurrentDedicatedNodes : missingNodes",
        ),
        Line("But no more than are allowed.", "$TargetDedicatedNodes = min(maxDedicatedNodes, standIns)"),
    ]


_TAKEN = "$PreemptedNodeCount"
