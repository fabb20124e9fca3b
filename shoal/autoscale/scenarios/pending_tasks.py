"""Nodes for waiting and running tasks: Spot first, dedicated while Spot capacity is missing, none when idle."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least, no_negative_nodes
from shoal.autoscale.scenarios.demand import DRAIN, NEW, samples_in, tasks
from shoal.autoscale.scenarios.trade_off import Terms, TradeOff, terms
from shoal.autoscale.scenarios.turns import nodes_in_turns
from shoal.autoscale.scenarios.writing import Line, written

BROKEN = timedelta(minutes=20)
"""Time after which a node that has not become usable counts as broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTasks:
    max_spot_nodes: int = field(default=100, metadata={"meaning": "maximum number of Spot nodes"})
    max_dedicated_nodes: int = field(
        default=10, metadata={"meaning": "maximum number of dedicated nodes while Spot nodes are missing; 0: none"}
    )
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    trade_off: TradeOff = field(
        default=TradeOff.BALANCED, metadata={"meaning": "economy, balanced or fast: what matters more, cost or time"}
    )
    hold: timedelta | None = field(
        default=None,
        metadata={"meaning": "how long nodes stay after they are last needed", "example": timedelta(minutes=10)},
    )
    max_step: int | None = field(default=None, metadata={"meaning": "maximum number of nodes that one evaluation adds"})
    warm_up_nodes: int = field(default=0, metadata={"meaning": "Spot nodes that a new pool starts with"})
    spot_quota_nodes: int | None = field(
        default=None, metadata={"meaning": "nodes that the account's Spot quota allows; beyond it, none are missing"}
    )
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "time between two evaluations of the formula"}
    )

    def __post_init__(self) -> None:
        no_negative_nodes(self, "max_spot_nodes", "max_dedicated_nodes", "warm_up_nodes", "spot_quota_nodes")
        at_least(1, self, "max_spot_nodes")
        at_least(1, self, "max_step")
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: PendingTasks) -> str:
    return formula_on(scenario, terms(scenario.trade_off))


def formula_on(scenario: PendingTasks, chosen: Terms) -> str:
    """Return the formula on other terms than those of the scenario's trade-off."""
    lines = [
        Line("The most nodes that quota and budget allow.", f"maxSpotNodes = {_most_spot(scenario)}"),
        *_needed(scenario, chosen),
        *_replaced(),
        *_warmed_up(scenario),
        *_stepped(scenario),
        *_fall_back(scenario),
        Line("Spot nodes for all tasks, up to the limit.", "$TargetLowPriorityNodes = min(maxSpotNodes, wantedNodes)"),
        DRAIN,
    ]
    title = "Follows the tasks with Spot nodes, down to none."
    return written(title, lines, every=scenario.evaluation_interval)


def _most_spot(scenario: PendingTasks) -> int:
    """Return the limit on Spot nodes. Nodes above the quota never come, so none of them may count as missing."""
    quota = scenario.spot_quota_nodes
    return scenario.max_spot_nodes if quota is None else min(quota, scenario.max_spot_nodes)


def _needed(scenario: PendingTasks, chosen: Terms) -> list[Line]:
    """Return statements that end with `neededNodes`."""
    return [
        *tasks(slots_per_task=scenario.slots_per_task, hold=scenario.hold or chosen.hold),
        *nodes_in_turns(chosen.turns * scenario.evaluation_interval),
    ]


def _replaced() -> list[Line]:
    """Return statements that end with `wantedNodes`: some nodes on top for those that are broken."""
    count = samples_in(BROKEN)
    return [
        Line(
            "Nodes that can run tasks, in samples of twenty minutes.",
            f"usable = $UsableNodeCount.GetSample({count})",
        ),
        Line("All nodes at the same times.", f"spot = $CurrentLowPriorityNodes.GetSample({count})"),
        Line("Spot nodes that were taken away.", f"taken = $PreemptedNodeCount.GetSample({count})"),
        Line(
            "Nodes that have been there all this time and were never usable: their start task failed, for example.",
            f"brokenNodes = min(len(usable), len(spot), len(taken)) < {count} ? 0"
            " : max(0, min(spot) - max(taken) - max(usable))",
        ),
        Line(
            "A few others replace them; not all, for those may break as well.",
            "wantedNodes = neededNodes + min(brokenNodes, ceil(neededNodes / 10))",
        ),
    ]


def _warmed_up(scenario: PendingTasks) -> list[Line]:
    if not scenario.warm_up_nodes:
        return []
    return [
        Line("A new pool starts these nodes before it has seen any task.", f"warmUpNodes = {scenario.warm_up_nodes}"),
        Line("It keeps them while it is new.", "wantedNodes = isNew ? max(wantedNodes, warmUpNodes) : wantedNodes"),
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
            "Spot nodes in the pool, without pre-empted ones.",
            "spotNodes = $CurrentLowPriorityNodes - (len(taken) > 0 ? max($PreemptedNodeCount.GetSample(1)) : 0)",
        ),
        Line(
            "Tasks present for ten minutes: newer ones may still get Spot nodes.",
            f"lastingTasks = isNew ? 0 : min($PendingTasks.GetSample({samples_in(NEW)}))",
        ),
        Line(
            "Nodes needed for these tasks.",
            "lastingNodes = tasks > 0 ? ceil(neededNodes * min(1, lastingTasks / tasks)) : 0",
        ),
        Line(
            "Spot nodes that have been needed all the time and have not come.",
            "missingNodes = max(0, min($TargetLowPriorityNodes, maxSpotNodes, lastingNodes) - spotNodes)",
        ),
        Line(
            "Dedicated nodes stand in for them until they come.",
            "standIns = isNew ? $CurrentDedicatedNodes : missingNodes",
        ),
        Line("The stand-ins, up to the limit.", "$TargetDedicatedNodes = min(maxDedicatedNodes, standIns)"),
    ]
