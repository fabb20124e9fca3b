"""Progress of a job's stages, by a number of requests that grows neither with tasks nor with stages."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from azure.batch import BatchClient

from shoal.runs.progress import Counts
from shoal.runs.why.stages import stage_of

READ = 1000
"""Tasks of one list: a page. Source: Batch REST, List Tasks, maxresults."""
STAGES_AT_A_TIME = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """Tasks of a stage that have not completed, as far as two pages show them."""

    active: int
    running: int

    @property
    def is_all(self) -> bool:
        return max(self.active, self.running) < READ

    @property
    def total(self) -> int:
        return self.active + self.running


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    name: str
    total: int
    completed: int
    running: int
    is_estimate: bool = False
    """True where the job's completed tasks were shared out among several large stages."""


def stage_views(totals: Mapping[str, int], counts: Counts, known: Mapping[str, Unfinished]) -> tuple[StageView, ...]:
    """Return the stages, with what the job's counts say about those that are too large to be listed.

    A stage that nothing is known of has not begun.
    """
    exact = {name: max(0, totals[name] - left.total) for name, left in known.items() if left.is_all}
    large = [name for name, left in known.items() if not left.is_all]
    # Of a large stage that only waits, nothing has completed as long as another one runs.
    open_stages = [name for name in large if known[name].running] or large
    rest = max(0, counts.completed - sum(exact.values()))
    weight = sum(totals[name] for name in open_stages)
    shares = {name: min(totals[name], rest * totals[name] // weight) for name in open_stages}
    return tuple(
        StageView(
            name=name,
            total=total,
            completed=exact.get(name, shares.get(name, 0)),
            running=known[name].running if name in known else 0,
            is_estimate=name in shares and len(shares) > 1,
        )
        for name, total in totals.items()
    )


class StageCounts:
    """Asks about the stages in turn, and no more about those that are done."""

    def __init__(self, client: BatchClient, job_id: str, totals: Mapping[str, int]) -> None:
        self._client, self._job_id, self._totals = client, job_id, totals
        self._known: dict[str, Unfinished] = {}
        self._turn: deque[str] = deque(totals)
        self._completed = 0

    def read(self, counts: Counts) -> tuple[StageView, ...]:
        """Ask about the next stages, by two lists of one page each."""
        if counts.completed < self._completed:  # tasks were reactivated
            self._turn = deque(self._totals)
        self._completed = counts.completed
        for name in [self._turn.popleft() for _ in range(min(STAGES_AT_A_TIME, len(self._turn)))]:
            self._known[name] = self._unfinished(name)
            # Before its tasks are added, a stage has no unfinished ones either.
            if self._known[name].total or counts.completed < self._totals[name]:
                self._turn.append(name)
        return stage_views(self._totals, counts, self._begun(counts))

    def _begun(self, counts: Counts) -> Mapping[str, Unfinished]:
        return self._known if counts.completed else {name: one for name, one in self._known.items() if one.total}

    def _unfinished(self, name: str) -> Unfinished:
        return Unfinished(active=self._count(name, "active"), running=self._count(name, "running"))

    def _count(self, name: str, state: str) -> int:
        """Count tasks in one state: a filter of several takes over ten times as long among a million tasks."""
        own = f"state eq '{state}' and (id eq '{name}' or startswith(id,'{name}-'))"
        listed = self._client.list_tasks(self._job_id, filter=own, select=["id"], max_results=READ)
        # Other stages may begin with the same letters.
        return sum(stage_of(str(task.id), self._totals) == name for task in islice(listed, READ))
