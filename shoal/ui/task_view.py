"""The page of a task: what it ran, where, how it ended, its files, and the ends of its logs as they grow."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from azure.batch.models import BatchTask
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput, ShoalError
from shoal.nodes.files import NOT_THERE, FileRow, files_of_task
from shoal.report.page import plain_text
from shoal.runs.listing import TaskRow, task_row
from shoal.runs.logs import LogFile, read_log
from shoal.runs.unknown_ids import unknown_task
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import findings
from shoal.runs.why.finding import Finding
from shoal.ui.swept_points import SweptPoints

LOGS = ("stdout.txt", "stderr.txt")
SHOWN = 128 << 10
"""Bytes of a log that are kept: its end."""
MOST_FILES = 500
SECONDS = 10.0
"""Time between two readings of the files and of the reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    name: str
    text: str = ""
    bytes: int = 0
    """Bytes that the log has so far."""
    problem: str = ""
    """The reason why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The end of a log, and the place up to which it was read."""

    name: str
    end: bytes = b""
    size: int = 0
    problem: str = ""

    def with_more(self, more: bytes, size: int) -> "Tail":
        """Return the end with what was added; `size` is the place up to which that goes."""
        return replace(self, end=(self.end + more)[-SHOWN:], size=size, problem="")

    @property
    def log(self) -> Log:
        return Log(
            name=self.name, text=plain_text(self.end.decode(errors="replace")), bytes=self.size, problem=self.problem
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    job: str
    task: TaskRow
    pool: str | None
    command: str
    slots: int
    created: datetime | None
    requeues: int
    message: str
    """Batch's message of a failure."""
    parents: Sequence[str]
    point: Mapping[str, Any] | None
    """Its point of the sweep; None where it has none, or none is known."""
    findings: Sequence[Finding]
    files: Sequence[FileRow]
    more_files: int
    files_problem: str
    logs: Sequence[Log]


@dataclass(slots=True)
class TaskView:
    job_id: str
    task_id: str
    swept: SweptPoints
    _point: Mapping[str, Any] | None = None
    _tails: list[Tail] = field(default_factory=lambda: [Tail(name=name) for name in LOGS])
    _attempt: tuple[object, ...] = ()
    _is_done: bool = False
    _due: float = float("-inf")
    _files: Sequence[FileRow] = ()
    _files_problem: str = ""
    _findings: Sequence[Finding] = ()

    def read(self, services: Services) -> TaskPage:
        try:
            task = services.batch.get_task(self.job_id, self.task_id)
        except ResourceNotFoundError as exc:
            raise unknown_task(services.batch, self.job_id, self.task_id, exc) from exc
        row = task_row(task)
        self._begin_attempt(row)
        if not self._is_done:
            self._tails = [self._longer(services, tail) for tail in self._tails]
        self._read_now_and_then(services)
        self._is_done = row.state == "completed"
        return self._page(services, task, row)

    def _begin_attempt(self, row: TaskRow) -> None:
        """Begin the logs anew where the task runs again: another attempt has other files."""
        attempt = row.started, row.node, row.ended
        if attempt != self._attempt:
            if attempt[:2] != self._attempt[:2]:
                self._tails = [Tail(name=name) for name in LOGS]
            self._attempt, self._is_done, self._due = attempt, False, float("-inf")

    def _read_point(self, services: Services) -> None:
        """Read the point once. It is an extra: storage that cannot be read has a problem of its own on this page."""
        try:
            self._point = self.swept.read(services, self.job_id).point(self.task_id)
        except (AzureError, ShoalError):
            self._point = None

    def _longer(self, services: Services, tail: Tail) -> Tail:
        log = LogFile(job_id=self.job_id, task_id=self.task_id, name=tail.name)
        try:
            start = tail.size or max(0, _size(services, log) - SHOWN)
            more = read_log(services, log, start=start)
        except BadInput as exc:
            return tail if tail.size else replace(tail, problem=str(exc))
        return tail.with_more(more, start + len(more))

    def _read_now_and_then(self, services: Services) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        if self._due == float("-inf") and self._point is None:
            self._read_point(services)
        self._due = float("inf") if self._is_done else now + SECONDS
        try:
            self._files, self._files_problem = files_of_task(services, self.job_id, self.task_id).rows, ""
        except BadInput as exc:
            self._files, self._files_problem = (), str(exc)
        self._findings = findings(collect(services, self.job_id, self.task_id))

    def _page(self, services: Services, task: BatchTask, row: TaskRow) -> TaskPage:
        info = task.execution_info
        failure = info.failure_info if info else None
        files = [file for file in self._files if file.size_bytes is not None]
        pool_id = task.node_info.pool_id if task.node_info else None
        return TaskPage(
            job=self.job_id,
            task=row,
            pool=services.environment.pool_name(pool_id) if pool_id else None,
            command=task.command_line or "",
            slots=task.required_slots or 1,
            created=task.creation_time,
            requeues=(info.requeue_count or 0) if info else 0,
            message=(failure.message or "") if failure else "",
            parents=list((task.depends_on.task_ids if task.depends_on else None) or ()),
            point=self._point,
            findings=self._findings,
            files=files[:MOST_FILES],
            more_files=max(0, len(files) - MOST_FILES),
            files_problem=self._files_problem,
            logs=[tail.log for tail in self._tails],
        )


def _size(services: Services, log: LogFile) -> int:
    """Return the bytes of a log on its node; 0 where no node has it."""
    try:
        properties = services.batch.get_task_file_properties(log.job_id, log.task_id, log.name)
    except HttpResponseError as exc:
        if exc.status_code not in NOT_THERE:
            raise
        return 0
    return properties.content_length or 0
