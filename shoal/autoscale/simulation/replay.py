"""Turn the tasks of a finished job into the workload of a simulation."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.workload import Workload, replayed


def from_batch_tasks(tasks: Iterable[Mapping[str, Any]]) -> Workload:
    """Read tasks as Batch lists them, in its spelling or the Python SDK's; unfinished ones are left out."""
    rows = [row for number, task in enumerate(tasks, start=1) if (row := _row(task, number))]
    if not rows:
        raise InputFault("there is no finished task to replay")
    begin = min(created for created, _, _ in rows)
    return replayed(((created - begin).total_seconds(), slots, seconds) for created, slots, seconds in rows)


def _row(task: Mapping[str, Any], number: int) -> tuple[datetime, int, float] | None:
    info = _value(task, "executionInfo", "execution_info") or {}
    started, ended = _value(info, "startTime", "start_time"), _value(info, "endTime", "end_time")
    created = _value(task, "creationTime", "creation_time")
    if not (started and ended and created):
        return None
    slots = _value(task, "requiredSlots", "required_slots") or 1
    try:
        seconds = (_moment(ended) - _moment(started)).total_seconds()
        return _moment(created), int(slots), max(0.0, seconds)
    except (TypeError, ValueError) as exc:
        raise InputFault(f"task {number} to replay has a time or a number of slots that cannot be read: {exc}") from exc


def _value(record: Mapping[str, Any], *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
