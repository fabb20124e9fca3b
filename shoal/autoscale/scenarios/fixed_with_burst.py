"""Some dedicated nodes that are always there, and Spot nodes for tasks that do not fit on them."""

from dataclasses import dataclass, field
from datetime import timedelta

from shoal.autoscale.scenarios.checks import at_least
from shoal.autoscale.scenarios.demand import DRAIN, demand
from shoal.autoscale.scenarios.writing import Line, written


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWithBurst:
    fixed_nodes: int = field(default=2, metadata={"meaning": "dedicated nodes that are always there"})
    max_burst_nodes: int = field(default=50, metadata={"meaning": "maximum number of Spot nodes on top of these"})
    slots_per_task: float = field(default=1.0, metadata={"meaning": "task slots that a task takes on average"})
    hold: timedelta = field(
        default=timedelta(minutes=10), metadata={"meaning": "how long nodes stay after they are last needed"}
    )
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "time between two evaluations of the formula"}
    )

    def __post_init__(self) -> None:
        at_least(1, self, "fixed_nodes")
        at_least(1, self, "max_burst_nodes")
        at_least(0.001, self, "slots_per_task")
        at_least(self.evaluation_interval, self, "hold")


def formula(scenario: FixedWithBurst) -> str:
    lines = [
        Line("Short tasks start on these nodes at once, day and night.", f"fixedNodes = {scenario.fixed_nodes}"),
        Line("The most Spot nodes that quota and budget allow on top.", f"maxBurstNodes = {scenario.max_burst_nodes}"),
        *demand(slots_per_task=scenario.slots_per_task, hold=scenario.hold),
        Line(
            "Tasks that do not fit on the fixed nodes need these.",
            "burstNodes = max(0, neededNodes - fixedNodes)",
        ),
        Line("Always the same number.", "$TargetDedicatedNodes = fixedNodes"),
        Line("The burst, up to the limit.", "$TargetLowPriorityNodes = min(maxBurstNodes, burstNodes)"),
        DRAIN,
    ]
    title = "Keeps some dedicated nodes, and adds Spot nodes for a burst of tasks."
    return written(title, lines, every=scenario.evaluation_interval, off="never-reaches-zero")
