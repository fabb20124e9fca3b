"""What a stack's listed jobs would take of its pools, as far as the simulator knows it.

How long a task runs is assumed, for nobody knows it before; and a price is what somebody gave, or there is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shoal.autoscale import AutoscaleFault, compile_formula, parse
from shoal.autoscale.simulation.distributions import Constant
from shoal.autoscale.simulation.engine import Outcome, simulate
from shoal.autoscale.simulation.report import report
from shoal.autoscale.simulation.settings import PoolModel
from shoal.autoscale.simulation.workload import TaskGroup, Workload, workload
from shoal.azure.limits import accepted_evaluation_interval
from shoal.pull_requests.previewed_pools import PreviewedPool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWork:
    """Tasks of one stage of a job that is to run."""

    job: str
    name: str
    after: Sequence[str]
    """Names of stages of the same job."""
    tasks: int
    slots: int
    """Of all its tasks together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    task_duration: timedelta
    node_prices: Mapping[str, float]
    """Of a node for an hour, by pool; under the empty name, that of all the other pools."""
    currency: str = ""

    def price(self, pool: str) -> float | None:
        return self.node_prices.get(pool, self.node_prices.get(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCost:
    pool: str
    tasks: int
    node_hours: float
    """Of a pool with a fixed number of nodes: of one day."""
    spot_node_hours: float
    peak_nodes: int
    seconds: int
    """From the submission to the last task's end."""
    unfinished: int
    """Tasks that had not ended when the simulation did."""
    price: float | None
    """Of the node-hours."""
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCost:
    pool: str
    tasks: int
    reason: str


def estimate(pool: PreviewedPool, work: Sequence[StageWork], assumption: Assumption) -> PoolCost | UnknownCost | None:
    """What the tasks take of the pool, all submitted at once; None where it has nothing to do and no nodes."""
    tasks = sum(stage.tasks for stage in work)
    if pool.fixed_nodes is not None:
        return _fixed(pool, pool.fixed_nodes, tasks, assumption)
    if not tasks:
        return None
    if pool.formula is None:
        return UnknownCost(pool=pool.id, tasks=tasks, reason="how it is scaled is secret or not known yet")
    try:
        done, all_work = _simulated(pool, work, assumption.task_duration)
    except AutoscaleFault as exc:
        return UnknownCost(pool=pool.id, tasks=tasks, reason=str(exc))
    found = report(done, all_work)
    return PoolCost(
        pool=pool.id,
        tasks=tasks,
        node_hours=found.node_hours,
        spot_node_hours=found.spot_node_hours,
        peak_nodes=found.peak_nodes,
        seconds=found.makespan,
        unfinished=found.tasks - found.completed,
        price=_price(found.node_hours, assumption.price(pool.id)),
        fixed=False,
    )


def _fixed(pool: PreviewedPool, nodes: int, tasks: int, assumption: Assumption) -> PoolCost | None:
    if not nodes:
        return None
    return PoolCost(
        pool=pool.id,
        tasks=tasks,
        node_hours=nodes * 24.0,
        spot_node_hours=0.0,
        peak_nodes=nodes,
        seconds=0,
        unfinished=0,
        price=_price(nodes * 24.0, assumption.price(pool.id)),
        fixed=True,
    )


def _price(node_hours: float, price: float | None) -> float | None:
    return None if price is None else node_hours * price


def _simulated(pool: PreviewedPool, work: Sequence[StageWork], task_duration: timedelta) -> tuple[Outcome, Workload]:
    """A wave of stages begins when all before it have ended, which is found by simulating those first."""
    program = compile_formula(parse(pool.formula or ""))
    model = PoolModel(
        task_slots_per_node=pool.task_slots_per_node,
        evaluation_interval=int(accepted_evaluation_interval(pool.interval).total_seconds()),
    )
    groups: list[TaskGroup] = []
    begin = 0
    for wave in waves(work):
        groups += [replace(group, at=begin) for stage in wave for group in _groups(stage, task_duration)]
        tasks = workload(groups, seed=0)
        outcome = simulate(program, tasks, model)
        begin = outcome.tallies.last_end
        if outcome.tallies.completed < len(tasks):
            break
    return outcome, tasks


def waves(work: Iterable[StageWork]) -> list[list[StageWork]]:
    """The stages that wait for none, then those that wait for none but these, and so on."""
    left, done, found = list(work), set[tuple[str, str]](), list[list[StageWork]]()
    while left:
        known = {(stage.job, stage.name) for stage in left}
        wave = [stage for stage in left if not any((stage.job, name) in known for name in stage.after)]
        found.append(wave or left)
        done |= {(stage.job, stage.name) for stage in found[-1]}
        left = [stage for stage in left if (stage.job, stage.name) not in done]
    return found


def _groups(stage: StageWork, task_duration: timedelta) -> Iterable[TaskGroup]:
    """Tasks as alike in width as their slots allow."""
    width, wider = divmod(stage.slots, stage.tasks)
    duration = Constant(task_duration.total_seconds())
    for count, slots in ((stage.tasks - wider, width), (wider, width + 1)):
        if count:
            yield TaskGroup(count=count, duration=duration, slots=Constant(slots))
