"""The page of a pool: its nodes, its formula, and both over time."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.batch.models import BatchPool
from azure.core.exceptions import ResourceNotFoundError

from shoal.azure.prices import CURRENCY, SOURCE_AND_DAY
from shoal.connect import Services
from shoal.environment import Pool
from shoal.nodes.pool_nodes import PoolNode, pool_node
from shoal.nodes.problem import problem
from shoal.runs.listing import no_such_pool, requested_pool
from shoal.runs.pool_listing import PoolRow, pool_row
from shoal.runs.why.evidence import PoolFacts
from shoal.runs.why.pool_reading import COLUMNS, pool_facts
from shoal.ui.incidents import Incident, Incidents

MOMENTS = 720
"""Readings that are kept; of a longer time, every second one is dropped."""
TASKS_SECONDS = 5.0
"""Time between two counts of the tasks that wait: a request for each active job of the pool."""
NODE_COLUMNS = [
    *("id", "state", "stateTransitionTime", "startTaskInfo", "errors", "isDedicated"),
    *("runningTasksCount", "runningTaskSlotsCount", "totalTasksRun"),
]
"""Columns that the page shows: of thousands of nodes, each start task as well would be megabytes."""
JOBS = 8
"""Active jobs whose waiting tasks are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The pool at one reading."""

    at: float
    """Milliseconds since 1970."""
    nodes: int
    target: int
    running: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """An evaluation of the formula that was seen while the page was open."""

    at: datetime
    targets: str
    error: str | None


Node = tuple[str, str, bool, int, int, int, str]
"""Id, state, is Spot, running slots, running tasks, tasks run, problem: a list, as there may be thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPage:
    row: PoolRow
    is_simulated: bool
    """True where the tasks of its nodes run nothing."""
    slots_per_node: int
    formula: str | None
    interval_seconds: float | None
    variables: Sequence[Variable]
    """Values at the last evaluation."""
    evaluations: Sequence[Evaluation]
    """The latest first."""
    moments: Sequence[Moment]
    incidents: Sequence[Incident]
    """Evictions and resize errors, the latest first."""
    nodes: Sequence[Node]
    problems: Mapping[str, int]
    """Reasons why nodes can do no work, and their numbers."""
    is_more_waiting: bool
    """True where more jobs are active than were counted."""
    currency: str
    price_source: str


class PoolView:
    def __init__(self, name: str) -> None:
        self._name = name
        self._moments: list[Moment] = []
        self._evaluations: deque[Evaluation] = deque(maxlen=50)
        self._incidents = Incidents()
        self._waiting, self._is_more_waiting, self._tasks_due = 0, False, float("-inf")

    def read(self, services: Services) -> PoolPage:
        pool = requested_pool(services.environment, self._name)
        found = _found(services, pool)
        facts, row = pool_facts(found), pool_row(self._name, pool, found)
        nodes = [pool_node(node) for node in services.batch.list_nodes(pool.id, select=NODE_COLUMNS)]
        self._count_waiting(services, pool.id)
        self._remember(facts, row, nodes)
        self._incidents.on_reading(nodes, row.resize_errors, datetime.now(UTC))
        return PoolPage(
            row=row,
            is_simulated=row.has_simulation and services.environment.is_embedded,
            slots_per_node=facts.slots_per_node,
            formula=facts.formula,
            interval_seconds=facts.interval.total_seconds() if facts.interval else None,
            variables=variables(facts.run.results) if facts.run else (),
            evaluations=list(self._evaluations),
            moments=self._moments,
            incidents=self._incidents.rows,
            nodes=list(map(_node, nodes)),
            problems=_problems(nodes),
            is_more_waiting=self._is_more_waiting,
            currency=CURRENCY,
            price_source=SOURCE_AND_DAY,
        )

    def _count_waiting(self, services: Services, pool_id: str) -> None:
        now = time.monotonic()
        if now < self._tasks_due:
            return
        on_pool = f"state eq 'active' and executionInfo/poolId eq '{pool_id}'"
        jobs = list(services.batch.list_jobs(filter=on_pool, select=["id"]))
        counts = [services.batch.get_job_task_counts(str(job.id)).task_counts for job in jobs[:JOBS]]
        self._waiting, self._is_more_waiting = sum(count.active for count in counts), len(jobs) > JOBS
        self._tasks_due = time.monotonic() + TASKS_SECONDS

    def _remember(self, facts: PoolFacts, row: PoolRow, nodes: Sequence[PoolNode]) -> None:
        moment = Moment(
            at=datetime.now(UTC).timestamp() * 1000,
            nodes=facts.nodes,
            target=facts.target,
            running=sum(node.running_tasks for node in nodes),
            waiting=self._waiting,
        )
        kept = self._moments if len(self._moments) < MOMENTS else self._moments[::2]
        self._moments = [*kept, moment]
        result = row.formula
        if result is None or result.at is None or (self._evaluations and self._evaluations[0].at == result.at):
            return
        self._evaluations.appendleft(Evaluation(at=result.at, targets=result.targets, error=result.error))


def variables(results: str) -> list[Variable]:
    """Return the variables of an evaluation, `$TargetDedicatedNodes=0;$n=2`, as Batch reports them."""
    pairs = (pair.partition("=") for pair in results.split(";"))
    return [Variable(name=name.strip(), value=value.strip()) for name, found, value in pairs if found]


def _found(services: Services, pool: Pool) -> BatchPool:
    try:
        return services.batch.get_pool(pool.id, select=[*COLUMNS, "metadata"])
    except ResourceNotFoundError as exc:
        raise no_such_pool(pool.id) from exc


def _node(node: PoolNode) -> Node:
    return (
        node.id,
        node.state,
        node.is_spot,
        node.running_slots,
        node.running_tasks,
        node.tasks_run,
        problem(node),
    )


def _problems(nodes: Sequence[PoolNode]) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in nodes:
        if reason := problem(node):
            found[reason] = found.get(reason, 0) + 1
    return found
