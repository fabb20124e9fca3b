"""The figures of a simulation: its cost, its waiting times, its waste."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shoal.autoscale.simulation.engine import Outcome
from shoal.autoscale.simulation.ideal import ideal_node_seconds
from shoal.autoscale.simulation.workload import Workload

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Times are in seconds. Shares are of paid node time, from 0 to 1."""

    tasks: int
    completed: int
    lost: int
    """Tasks that ended unfinished when their node left."""
    killed: int
    """Tasks that started again because the formula removed their node."""
    evicted: int
    """Tasks that started again because their Spot node was pre-empted."""
    evictions: int
    wasted_slot_hours: float
    """Work done and lost with a node."""
    makespan: int
    """Time from the first arrival to the last end."""
    wait_median: int
    wait_p95: int
    node_hours: float
    dedicated_node_hours: float
    spot_node_hours: float
    peak_nodes: int
    cost: float
    idle_share: float
    """Share of nodes without a task: starting, waiting for one, or leaving."""
    slot_use: float
    """Share of slots with a task."""
    zero_after: int | None
    """Time from the end of the last task to the end of the last node; None where nodes stay."""
    ideal_node_hours: float
    """Node-hours on nodes that boot at once and leave the moment they are idle, at most `peak_nodes` of them."""
    evaluations: int
    failed_evaluations: int

    @property
    def over_ideal(self) -> float:
        """Return the node-hours beyond the ideal, as a share of it."""
        return self.node_hours / self.ideal_node_hours - 1 if self.ideal_node_hours else 0.0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "over_ideal": self.over_ideal}


def report(outcome: Outcome, work: Workload) -> Report:
    census, tallies, model = outcome.census, outcome.tallies, outcome.model
    node_seconds = census.dedicated_seconds + census.spot_seconds
    peak = max(point.dedicated + point.spot for point in outcome.series)
    waits = sorted(tallies.waits)
    ideal = ideal_node_seconds(work, slots_per_node=model.task_slots_per_node, max_nodes=max(1, peak))
    slot_seconds = node_seconds * model.task_slots_per_node
    return Report(
        tasks=tallies.tasks,
        completed=tallies.completed,
        lost=tallies.lost,
        killed=tallies.killed,
        evicted=tallies.evicted,
        evictions=tallies.evictions,
        wasted_slot_hours=tallies.wasted_slot_seconds / HOUR,
        makespan=max(0, tallies.last_end - (work.arrivals[0] if work.arrivals else 0)),
        wait_median=_quantile(waits, 0.5),
        wait_p95=_quantile(waits, 0.95),
        node_hours=node_seconds / HOUR,
        dedicated_node_hours=census.dedicated_seconds / HOUR,
        spot_node_hours=census.spot_seconds / HOUR,
        peak_nodes=peak,
        cost=(census.dedicated_seconds * model.prices.dedicated + census.spot_seconds * model.prices.spot) / HOUR,
        idle_share=census.idle_seconds / node_seconds if node_seconds else 0.0,
        slot_use=census.busy_slot_seconds / slot_seconds if slot_seconds else 0.0,
        zero_after=None if outcome.zero is None else outcome.zero - tallies.last_end,
        ideal_node_hours=ideal / HOUR,
        evaluations=outcome.evaluations,
        failed_evaluations=outcome.failed_evaluations,
    )


def _quantile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that at least this share of the values do not exceed."""
    if not values:
        return 0
    return values[max(1, math.ceil(share * len(values))) - 1]
