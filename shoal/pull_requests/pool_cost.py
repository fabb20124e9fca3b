"""The cost of a stack's listed jobs on its pools, estimated by simulation.

The duration of a task is an assumption. Prices are the user's, else those of the table of approximate prices. For a
size that the table does not have, only node-hours are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from shoal.autoscale import AutoscaleFault, compile_formula, parse
from shoal.autoscale.simulation.distributions import Constant
from shoal.autoscale.simulation.engine import Outcome
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.report import report
from shoal.autoscale.simulation.workload import Workload
from shoal.azure.limits import accepted_evaluation_interval
from shoal.azure.prices import LINUX_PRICES, NodePrice
from shoal.forecast.staged_work import StageWork, simulate_stages
from shoal.pull_requests.previewed_pools import PreviewedPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    task_duration: timedelta
    node_prices: Mapping[str, NodePrice]
    """Prices that were given, by pool; the empty name stands for all other pools."""
    currency: str = ""

    def price(self, pool: str) -> NodePrice | None:
        """Return the price that was given for the pool, or None."""
        return self.node_prices.get(pool, self.node_prices.get(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCost:
    pool: str
    tasks: int
    node_hours: float
    """Node-hours of the jobs; for a pool with a fixed number of nodes, of one day."""
    spot_node_hours: float
    peak_nodes: int
    seconds: int
    """Time from the submission to the last task's end."""
    unfinished: int
    """Tasks that had not ended when the simulation did."""
    price: float | None
    """Price of the node-hours; None if neither the user nor the table has the price of a node-hour."""
    fixed: bool
    node_price: NodePrice | None = None
    """Price of a node-hour by which it was computed."""
    listed_size: str = ""
    """VM size whose price is the table's; empty if the price was given or is not known."""

    @property
    def dedicated_node_hours(self) -> float:
        return self.node_hours - self.spot_node_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCost:
    pool: str
    tasks: int
    reason: str


class _Priced(TypedDict):
    """The fields of a cost that are computed together."""

    node_hours: float
    spot_node_hours: float
    price: float | None
    node_price: NodePrice | None
    listed_size: str


def estimate(pool: PreviewedPool, work: Sequence[StageWork], assumption: Assumption) -> PoolCost | UnknownCost | None:
    """Estimate the cost of tasks that are submitted at once; None for a pool without tasks and without fixed nodes."""
    tasks = sum(stage.tasks for stage in work)
    if pool.fixed_nodes is not None:
        return _fixed(pool, pool.fixed_nodes, tasks, assumption)
    if not tasks:
        return None
    if pool.formula is None:
        return UnknownCost(pool=pool.id, tasks=tasks, reason="its scaling is secret or not known yet")
    try:
        outcome, all_work = _simulated(pool, work, assumption.task_duration)
    except AutoscaleFault as exc:
        return UnknownCost(pool=pool.id, tasks=tasks, reason=str(exc))
    result = report(outcome, all_work)
    return PoolCost(
        pool=pool.id,
        tasks=tasks,
        peak_nodes=result.peak_nodes,
        seconds=result.makespan,
        unfinished=result.tasks - result.completed,
        fixed=False,
        **_priced(pool, assumption, node_hours=result.node_hours, spot_node_hours=result.spot_node_hours),
    )


def _fixed(pool: PreviewedPool, nodes: int, tasks: int, assumption: Assumption) -> PoolCost | None:
    if not nodes:
        return None
    return PoolCost(
        pool=pool.id,
        tasks=tasks,
        peak_nodes=nodes,
        seconds=0,
        unfinished=0,
        fixed=True,
        **_priced(pool, assumption, node_hours=nodes * 24.0, spot_node_hours=pool.fixed_spot_nodes * 24.0),
    )


def _priced(pool: PreviewedPool, assumption: Assumption, *, node_hours: float, spot_node_hours: float) -> _Priced:
    """Return the node-hours with their price: by the price that was given, else by the table's, which is for Linux."""
    given = assumption.price(pool.id)
    listed = None if given or pool.is_windows else LINUX_PRICES.get(pool.vm_size)
    chosen = given or listed
    dedicated = node_hours - spot_node_hours
    return {
        "node_hours": node_hours,
        "spot_node_hours": spot_node_hours,
        "price": chosen.cost(dedicated_hours=dedicated, spot_hours=spot_node_hours) if chosen else None,
        "node_price": chosen,
        "listed_size": pool.vm_size if listed else "",
    }


def _simulated(pool: PreviewedPool, work: Sequence[StageWork], task_duration: timedelta) -> tuple[Outcome, Workload]:
    duration = Constant(task_duration.total_seconds())
    model = PoolModel(
        task_slots_per_node=pool.task_slots_per_node,
        evaluation_interval=int(accepted_evaluation_interval(pool.interval).total_seconds()),
    )
    return simulate_stages(compile_formula(parse(pool.formula or "")), model, work, lambda _: duration)
