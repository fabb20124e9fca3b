"""The tasks of a run as CSV, one row a task. Pure."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from shoal.report.record import Record, TaskRecord

COLUMNS = (
    *("id", "job", "stage", "state", "result", "exit_code", "failure", "retries", "requeues", "slots", "node"),
    *("created", "started", "ended", "waited_seconds", "ran_seconds"),
)


def csv_lines(record: Record) -> Iterator[str]:
    """Yield the header and the rows; times are in UTC, as ISO 8601 writes them."""
    yield _line(COLUMNS)
    for task in record.tasks:
        yield _line(_cells(task))


def _cells(task: TaskRecord) -> tuple[object, ...]:
    return (
        *(task.id, task.job, task.stage, task.state, task.result, task.exit_code, task.failure),
        *(task.retries, task.requeues, task.slots, task.node),
        *map(_moment, (task.created, task.started, task.ended)),
        *map(_seconds, (task.waited, task.duration)),
    )


def _line(cells: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _seconds(length: timedelta | None) -> str:
    return "" if length is None else f"{length.total_seconds():.3f}"
