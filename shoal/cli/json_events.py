"""Progress of watched jobs for programs: one JSON object a line on stdout, flushed at once."""

import sys
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson

from shoal.cli.watch_lines import HISTORY, lag_line, silence_line
from shoal.connect import Services
from shoal.runs.progress import Snapshot, rate, time_left
from shoal.runs.verdict import Unfinished
from shoal.runs.why.failure_summary import summaries

if TYPE_CHECKING:
    from shoal.runs.why.failure_kinds import Failures


class JsonEvents:
    def __init__(self) -> None:
        self._one_line = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is left to print."""

    def of(self, _services: Services, job_id: str) -> "JsonEventsOfJob":
        return JsonEventsOfJob(self, job_id)

    def emit(self, event: str, job_id: str, **more: Any) -> None:
        line = orjson.dumps({"event": event, "at": datetime.now(UTC), "job_id": job_id, **more})
        with self._one_line:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()


class JsonEventsOfJob:
    """Emits `progress` when the counts have changed, and what else is shown to people."""

    def __init__(self, events: JsonEvents, job_id: str) -> None:
        self._events, self._job_id = events, job_id
        self._history: deque[Snapshot] = deque(maxlen=HISTORY)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        changed = not self._history or self._history[-1].counts != snapshot.counts
        self._history.append(snapshot)
        if changed:
            left = time_left(self._history)
            self._emit(
                "progress",
                counts=asdict(snapshot.counts),
                job_state=snapshot.job_state,
                tasks_per_second=round(rate(self._history), 3),
                seconds_left=None if left is None else left.total_seconds(),
            )

    def on_failures(self, failures: "Failures") -> None:
        self._emit("failures", failures=summaries(failures))

    def on_silence(self, away: timedelta) -> None:
        self._emit("silence", seconds=away.total_seconds(), text=silence_line(away))

    def on_lag(self, unfinished: Unfinished) -> None:
        self._emit("lag", unfinished=unfinished.active + unfinished.running, text=lag_line(unfinished))

    def on_line(self, text: str) -> None:
        self._emit("message", text=text)

    def _emit(self, event: str, **more: Any) -> None:
        self._events.emit(event, self._job_id, **more)
