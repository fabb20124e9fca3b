"""Growth and shrinkage in even steps, for services that must not be flooded or left all at once."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least
from shoal.autoscale.scenarios.demand import DRAIN, demand
from shoal.autoscale.scenarios.writing import Line, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    max_spot_nodes: int = field(default=100, metadata={"meaning": "maximum number of Spot nodes"})
    step_up: int = field(default=10, metadata={"meaning": "maximum number of nodes that one evaluation adds"})
    step_down: int = field(default=20, metadata={"meaning": "maximum number of nodes that one evaluation removes"})
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    hold: timedelta = field(
        default=timedelta(minutes=10), metadata={"meaning": "how long nodes stay after they are last needed"}
    )
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "time between two evaluations of the formula"}
    )

    def __post_init__(self) -> None:
        for name in ("max_spot_nodes", "step_up", "step_down"):
            at_least(1, self, name)
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: Ramp) -> str:
    lines = [
        Line("The most nodes that quota and budget allow.", f"maxSpotNodes = {scenario.max_spot_nodes}"),
        Line("The most nodes that one evaluation adds.", f"stepUp = {scenario.step_up}"),
        Line("The most nodes that one evaluation removes.", f"stepDown = {scenario.step_down}"),
        *demand(slots_per_task=scenario.slots_per_task, hold=scenario.hold),
        Line(
            "At most one step up, and never over the limit.",
            "cappedNodes = min(maxSpotNodes, $CurrentLowPriorityNodes + stepUp, neededNodes)",
        ),
        Line(
            "At most one step down, to none in the end.",
            "$TargetLowPriorityNodes = max(0, $CurrentLowPriorityNodes - stepDown, cappedNodes)",
        ),
        DRAIN,
    ]
    return written("Follows the tasks with Spot nodes in even steps.", lines, every=scenario.evaluation_interval)
