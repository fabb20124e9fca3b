"""Tries another formula on the recorded tasks of a pool by the simulator, beside what happened. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from shoal.autoscale import AutoscaleFault, compile_formula, parse
from shoal.autoscale.scenarios import formula as written_formula
from shoal.autoscale.scenarios.pending_tasks import PendingTasks
from shoal.autoscale.scenarios.trade_off import TradeOff
from shoal.autoscale.simulation.distributions import Constant
from shoal.autoscale.simulation.engine import Outcome, simulate
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.report import report
from shoal.autoscale.simulation.workload import Workload, replayed
from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.listing import no_such_pool, requested_pool
from shoal.runs.why.evidence import PoolFacts
from shoal.runs.why.pool_reading import read_pool_facts
from shoal.ui.recorded_tasks import RecordedTask, latest_job, node_spans, usage
from shoal.ui.request_numbers import whole_number

OWN, PRESENT = "own", "present"
CHOICES = (PRESENT, *TradeOff, OWN)
USUAL_INTERVAL = timedelta(minutes=5)
"""The time between two evaluations of a pool that has no formula. Source: Batch REST, autoScaleEvaluationInterval."""
LONGEST = timedelta(days=2)
MOST_EVALUATIONS = 2000
"""Evaluations of a simulation, which bound its time: it ends after them in any case."""
MOST_NODES = 5000
"""Nodes of a trial."""
PLACES = 160
"""Places of a line."""
HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Nodes and running tasks at the trial's seconds, and their figures."""

    nodes: Sequence[int]
    running: Sequence[int]
    makespan_seconds: float
    """From the first task's creation to the last one's end."""
    node_hours: float
    peak_nodes: int
    is_finished: bool = True
    """False where tasks were left when the simulation ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    job: str
    tasks: int
    has_more: bool
    formula: str
    begin: datetime
    seconds: Sequence[int]
    happened: Curve
    """Its nodes are those that ran the tasks, from the first to the last of them."""
    tried: Curve


_one_at_a_time = Lock()


def try_formula(services: Services, place: Mapping[str, str], body: Mapping[str, Any]) -> Trial:
    """Simulate the pool under the requested formula. Raises BadInput while another one is simulated."""
    facts = read_pool_facts(services.batch, requested_pool(services.environment, place["pool"]).id)
    if facts is None:
        raise no_such_pool(place["pool"])
    text = requested_formula(facts, body)
    if not _one_at_a_time.acquire(blocking=False):
        raise BadInput("another formula is being tried; try again in a moment")
    try:
        job = latest_job(services, facts.id)
        model = model_of(facts, job.tasks, is_embedded=services.environment.is_embedded)
        return trial(job.id, job.tasks, text, model, has_more=job.has_more)
    finally:
        _one_at_a_time.release()


def requested_formula(facts: PoolFacts, body: Mapping[str, Any]) -> str:
    """Return the text of the formula that a body names. Raises BadInput."""
    choice = body.get("choice")
    if choice == PRESENT and facts.formula is None:
        raise BadInput("the pool is not scaled by a formula")
    if choice == PRESENT:
        return facts.formula or ""
    if choice == OWN:
        return str(body.get("formula", ""))
    if not isinstance(choice, str) or choice not in CHOICES:
        raise BadInput(f"choice is {choice!r}; it must be one of {', '.join(CHOICES)}")
    try:
        wanted = PendingTasks(
            trade_off=TradeOff(choice),
            max_spot_nodes=whole_number(body, "max_spot_nodes", MOST_NODES),
            max_dedicated_nodes=whole_number(body, "max_dedicated_nodes", MOST_NODES),
            evaluation_interval=facts.interval or USUAL_INTERVAL,
        )
        return written_formula(wanted)
    except AutoscaleFault as exc:
        raise BadInput(str(exc)) from exc


def model_of(facts: PoolFacts, tasks: Sequence[RecordedTask], *, is_embedded: bool) -> PoolModel:
    """Return the pool without nodes, as it begins. Nodes of this machine start at once, those of Azure in minutes."""
    interval = int((facts.interval or USUAL_INTERVAL).total_seconds())
    span = max(task.ended for task in tasks) - min(task.created for task in tasks)
    longest = min(LONGEST, 3 * span + timedelta(hours=4), MOST_EVALUATIONS * timedelta(seconds=interval))
    model = PoolModel(
        task_slots_per_node=facts.slots_per_node,
        evaluation_interval=interval,
        begin=min(task.created for task in tasks),
        tail=HOUR // 2,
        limit=int(longest.total_seconds()),
    )
    return replace(model, boot=Constant(1), start_task=Constant(0)) if is_embedded else model


def trial(job: str, tasks: Sequence[RecordedTask], text: str, model: PoolModel, *, has_more: bool) -> Trial:
    begin = min(task.created for task in tasks)
    try:
        outcome = simulate(compile_formula(parse(text)), _workload(tasks, begin), model)
    except AutoscaleFault as exc:
        raise BadInput(f"the formula cannot be tried: {exc}") from exc
    last = (max(task.ended for task in tasks) - begin).total_seconds()
    end = max(last, outcome.zero or outcome.end, 1)
    seconds = [round(end * place / (PLACES - 1)) for place in range(PLACES)]
    return Trial(
        job=job,
        tasks=len(tasks),
        has_more=has_more,
        formula=text,
        begin=begin,
        seconds=seconds,
        happened=_happened(tasks, seconds, last),
        tried=_tried(outcome, _workload(tasks, begin), seconds),
    )


def _workload(tasks: Sequence[RecordedTask], begin: datetime) -> Workload:
    return replayed(
        ((task.created - begin).total_seconds(), task.slots, (task.ended - task.started).total_seconds())
        for task in tasks
    )


def _happened(tasks: Sequence[RecordedTask], seconds: Sequence[int], makespan: float) -> Curve:
    uses = usage(tasks, seconds)
    held = sum((end - start).total_seconds() for start, end in node_spans(tasks))
    return Curve(
        nodes=[use.nodes for use in uses],
        running=[use.running for use in uses],
        makespan_seconds=makespan,
        node_hours=held / HOUR,
        peak_nodes=max(use.nodes for use in uses),
    )


def _tried(outcome: Outcome, work: Workload, seconds: Sequence[int]) -> Curve:
    figures, points, place = report(outcome, work), outcome.series, 0
    nodes, running = [], []
    for second in seconds:
        while place + 1 < len(points) and points[place + 1].second <= second:
            place += 1
        is_after = outcome.zero is not None and second >= outcome.zero
        nodes.append(0 if is_after else points[place].dedicated + points[place].spot)
        running.append(0 if is_after else points[place].running)
    return Curve(
        nodes=nodes,
        running=running,
        makespan_seconds=figures.makespan,
        node_hours=figures.node_hours,
        peak_nodes=figures.peak_nodes,
        is_finished=figures.completed == figures.tasks,
    )
