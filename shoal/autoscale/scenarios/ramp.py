"""Up and down in even steps: for what must not be flooded, or must not be left at once."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least
from shoal.autoscale.scenarios.demand import DRAIN, demand
from shoal.autoscale.scenarios.writing import Line, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    max_spot_nodes: int = field(default=100, metadata={"meaning": "never more Spot nodes than these"})
    step_up: int = field(default=10, metadata={"meaning": "nodes added at most by one evaluation"})
    step_down: int = field(default=20, metadata={"meaning": "nodes removed at most by one evaluation"})
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    hold: timedelta = field(
        default=timedelta(minutes=10), metadata={"meaning": "how long nodes stay after the work would fit on fewer"}
    )
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "how often the pool evaluates the formula"}
    )

    def __post_init__(self) -> None:
        for name in ("max_spot_nodes", "step_up", "step_down"):
            at_least(1, self, name)
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: Ramp) -> str:
    lines = [
        Line("What quota and budget allow.", f"maxSpotNodes = {scenario.max_spot_nodes}"),
        Line("Nodes that may come in one evaluation.", f"stepUp = {scenario.step_up}"),
        Line("Nodes that may go in one evaluation.", f"stepDown = {scenario.step_down}"),
        *demand(slots_per_task=scenario.slots_per_task, hold=scenario.hold),
        Line(
            "On few samples the pool may grow, but not shrink.",
            "wantedNodes = sampled < 70 ? max(neededNodes, $CurrentLowPriorityNodes) : neededNodes",
        ),
        Line(
            "One step up at most, and never over the limit.",
            "cappedNodes = min(maxSpotNodes, $CurrentLowPriorityNodes + stepUp, wantedNodes)",
        ),
        Line(
            "One step down at most, to none in the end.",
            "$TargetLowPriorityNodes = max(0, $CurrentLowPriorityNodes - stepDown, cappedNodes)",
        ),
        DRAIN,
    ]
    return written("Follows the tasks with Spot nodes in even steps.", lines, every=scenario.evaluation_interval)
