"""The screen of a watched job: stages with bars, rate and time left, nodes, cost and kinds of failures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from shoal.azure.prices import CURRENCY
from shoal.runs.job_details import Details
from shoal.runs.progress import Snapshot, line
from shoal.runs.stage_counts import StageView
from shoal.runs.why.failure_kinds import Failures
from shoal.runs.why.failure_rows import reason_of

BAR = 24
MOST_STAGES = 12
MOST_KINDS = 3
NO_DETAILS = Details()
NO_FAILURES = Failures()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScreen:
    job_id: str
    is_embedded: bool
    history: Sequence[Snapshot] = ()
    details: Details = NO_DETAILS
    failures: Failures = NO_FAILURES
    message: str = ""
    """A sentence about the service that stands in for the progress, such as that it does not answer."""

    def rendered(self) -> RenderableType:
        parts: list[RenderableType] = [self._head(), *_stages(self.details.stages)]
        parts += [Text(text, overflow="ellipsis", no_wrap=True) for text in (*self._pool(), *self._failures())]
        return Group(*parts)

    def _head(self) -> RenderableType:
        if not self.history:
            return Text(f"{self.job_id}: {self.message or 'waiting for the service'}")
        counts = self.history[-1].counts
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_column()
        # Without a total, rich shows a bar that moves: a new job has no tasks yet.
        bar = ProgressBar(total=counts.total or None, completed=counts.completed, width=BAR, pulse=not counts.total)
        grid.add_row(bar, Text(self.message or line(self.history)))
        return Group(Text(f"job {self.job_id}", style="bold", no_wrap=True, overflow="ellipsis"), grid)

    def _pool(self) -> list[str]:
        details = self.details
        if not details.pool:
            return []
        states = ", ".join(f"{number} {state.lower()}" for state, number in details.nodes.states.items())
        cost = "" if details.cost is None else f", {cost_text(details.cost, is_embedded=self.is_embedded)}"
        return [f"pool {details.pool}: {states or 'no nodes'}{cost}"]

    def _failures(self) -> list[str]:
        kinds = self.failures.kinds[:MOST_KINDS]
        lines = [f"failed: {kind.tasks:,} × {reason_of(kind)}" for kind in kinds]
        more = len(self.failures.kinds) - len(kinds)
        return [*lines, f"failed: {more} more kinds (`shoal why {self.job_id}`)"] if more else lines


def cost_text(cost: float, *, is_embedded: bool) -> str:
    """Return the cost so far; a node of this machine costs nothing, and what it would in Azure is of interest."""
    amount = f"{cost:.2f}" if cost >= 0.1 else f"{cost:.4f}"
    return f"{amount} {CURRENCY} so far" + (" if it were in Azure" if is_embedded else "")


def _stages(stages: Sequence[StageView]) -> list[RenderableType]:
    """Return a bar for each stage; a job of one stage has the bar of the job."""
    if len(stages) < 2:
        return []
    grid = Table.grid(padding=(0, 1))
    grid.add_column(max_width=BAR, no_wrap=True, overflow="ellipsis")
    for _ in range(3):
        grid.add_column(no_wrap=True)
    for stage in stages[:MOST_STAGES]:
        about = "≈" if stage.is_estimate else ""
        running = f"{stage.running:,} running" if stage.running else ""
        bar = ProgressBar(total=stage.total, completed=stage.completed, width=BAR)
        grid.add_row(f"  {stage.name}", bar, f"{about}{stage.completed:,} of {stage.total:,}", running)
    more = len(stages) - MOST_STAGES
    return [grid, Text(f"  and {more} more stages")] if more > 0 else [grid]
