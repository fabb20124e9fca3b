"""The lines of one job or one pool that was opened in `shoal top`."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from rich.console import RenderableType

from shoal.cli.job_screen import JobScreen
from shoal.cli.stack_screen import RowKey
from shoal.cli.watch_lines import HISTORY
from shoal.connect import Services
from shoal.errors import BadInput
from shoal.nodes.simulated_pool import RUNS_NOTHING
from shoal.runs.job_details import JobDetails
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import Snapshot
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import findings
from shoal.runs.why.explanation import explanation
from shoal.runs.why.failure_kinds import Failures
from shoal.ui.pool_view import PoolPage, PoolView

EXPLAINED_SECONDS = 15.0
"""Time between two explanations of a job, which take more than a few requests."""


class OpenedJob:
    """A job as `watch` shows it, and below it the explanation of `why`."""

    def __init__(self, services: Services, job_id: str) -> None:
        self._job_id = job_id
        self._queries = BatchJobQueries(services.batch, job_id)
        self._details = JobDetails(services, job_id)
        self._history: deque[Snapshot] = deque(maxlen=HISTORY)
        self._failures, self._why = Failures(), list[str]()
        self._due = float("-inf")

    def read(self, services: Services) -> Sequence[RenderableType]:
        job, counts = self._queries.read()
        snapshot = Snapshot(at=time.monotonic(), counts=counts, job_state=job.state)
        self._history.append(snapshot)
        if snapshot.at >= self._due:
            self._explain(services)
        screen = JobScreen(
            job_id=self._job_id,
            is_embedded=services.environment.is_embedded,
            history=tuple(self._history),
            details=self._details.on_snapshot(snapshot),
            failures=self._failures,
        )
        return [screen.rendered(), "", *self._why]

    def _explain(self, services: Services) -> None:
        evidence = collect(services, self._job_id)
        self._failures, self._why = evidence.failures, list(explanation(evidence, findings(evidence)))
        self._due = time.monotonic() + EXPLAINED_SECONDS


class OpenedPool:
    def __init__(self, name: str) -> None:
        self._view = PoolView(name)

    def read(self, services: Services) -> Sequence[RenderableType]:
        return pool_lines(self._view.read(services))


@dataclass(slots=True)
class OpenedRow:
    """The row that is open, with its past. It begins again with another row, and with other clients."""

    _services: Services | None = None
    _key: RowKey | None = None
    _opened: OpenedJob | OpenedPool | None = None

    def read(self, services: Services, key: RowKey) -> Sequence[RenderableType]:
        if self._opened is None or services is not self._services or key != self._key:
            self._services, self._key, self._opened = services, key, _opened(services, key)
        try:
            return self._opened.read(services)
        except BadInput as exc:
            # The job or the pool is gone.
            return [str(exc)]


def pool_lines(page: PoolPage) -> list[str]:
    row = page.row
    busy = sum(node[3] for node in page.nodes)
    waiting = page.moments[-1].waiting if page.moments else 0
    lines = [
        f"pool {row.pool} ({row.id}), {row.vm_size}, {row.state}, {row.allocation}",
        *([f"the pool {RUNS_NOTHING}"] if page.is_simulated else []),
        f"nodes: {row.dedicated} of {row.target_dedicated} dedicated, {row.spot} of {row.target_spot} Spot",
        f"slots: {busy} of {row.slots} busy; {waiting:,}{' or more' if page.is_more_waiting else ''} tasks wait",
        *(f"problem: {number} × {reason}" for reason, number in page.problems.items()),
        *(f"resize error: {error}" for error in row.resize_errors),
    ]
    if page.formula is None:
        return [*lines, "formula: none, the pool has a fixed size"]
    lines += [f"formula at {each.at:%H:%M:%S}: {each.error or each.targets}" for each in page.evaluations[:5]]
    lines += [f"  {variable.name} = {variable.value}" for variable in page.variables]
    return [*lines, "", *page.formula.splitlines()]


def _opened(services: Services, key: RowKey) -> OpenedJob | OpenedPool:
    match key.kind:
        case "job":
            return OpenedJob(services, key.name)
        case "pool":
            return OpenedPool(key.name)
        case other:
            assert_never(other)
