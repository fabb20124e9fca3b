"""Progress of watched jobs on a terminal: one screen, kept up to date."""

from collections import deque
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live

from shoal.cli.job_screen import JobScreen
from shoal.cli.watch_lines import HISTORY, lag_line, silence_line
from shoal.connect import Services
from shoal.runs.job_details import JobDetails
from shoal.runs.progress import Snapshot
from shoal.runs.verdict import Unfinished

if TYPE_CHECKING:
    from shoal.runs.why.failure_kinds import Failures


class LiveScreen:
    """Lines that jobs report are printed above the screen, where they stay."""

    def __init__(self, *, err: bool) -> None:
        self._jobs: list[LiveJob] = []
        self._live = Live(
            console=Console(stderr=err), get_renderable=self._rendered, refresh_per_second=4, vertical_overflow="crop"
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def of(self, services: Services, job_id: str) -> "LiveJob":
        self._jobs.append(LiveJob(services, job_id, self._live))
        return self._jobs[-1]

    def _rendered(self) -> RenderableType:
        return Group(*(job.screen.rendered() for job in self._jobs)) if self._jobs else "waiting for the service"


class LiveJob:
    """The part of the screen that is about one job."""

    def __init__(self, services: Services, job_id: str, live: Live) -> None:
        self._live = live
        self._details = JobDetails(services, job_id)
        self._history: deque[Snapshot] = deque(maxlen=HISTORY)
        self.screen = JobScreen(job_id=job_id, is_embedded=services.environment.is_embedded)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        self._history.append(snapshot)
        # First the counts: the details are further requests.
        self.screen = replace(self.screen, history=tuple(self._history), message="")
        self.screen = replace(self.screen, details=self._details.on_snapshot(snapshot))

    def on_failures(self, failures: "Failures") -> None:
        self.screen = replace(self.screen, failures=failures)

    def on_silence(self, away: timedelta) -> None:
        self.screen = replace(self.screen, message=silence_line(away))

    def on_lag(self, unfinished: Unfinished) -> None:
        self.screen = replace(self.screen, message=lag_line(unfinished))

    def on_line(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)
