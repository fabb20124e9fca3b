"""The times of a job file's schedule as Batch takes them. Pure: `now` is an argument.

Source: Batch REST, Job Schedule - Add, JobScheduleConfiguration (2025-06-01).
"""

from datetime import datetime, timedelta
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.file.cron import next_occurrence
from shoal.jobs.file.schedule_spec import Times

TIME = "%Y-%m-%dT%H:%M:%SZ"


def recurrence(times: Times, now: datetime, *, latest: datetime | None = None) -> dict[str, Any]:
    """Return the `schedule` of a job schedule. Raises BadInput where its end comes before its first job.

    `latest` is when a schedule that is changed has made its latest job. Batch counts on from there, so that the first
    occurrence that it is given must not come earlier than an interval later.
    """
    earliest = now if latest is None else max(now, _an_interval_later(latest, times))
    first = first_run(times, earliest)
    if times.end is not None and times.end <= first:
        raise BadInput(f"the schedule ends at {times.end:{TIME}}, before its first job would begin, at {first:{TIME}}")
    limits = {"startWindow": _iso(times.window), "doNotRunAfter": times.end and f"{times.end:{TIME}}"}
    return {
        "recurrenceInterval": _iso(times.interval),
        # Without a start, an interval begins when Batch gets the schedule.
        **({} if first == now else {"doNotRunUntil": f"{first:{TIME}}"}),
        **{name: value for name, value in limits.items() if value is not None},
    }


def first_run(times: Times, earliest: datetime) -> datetime:
    """Return the first occurrence at this moment or later. Raises BadInput where it lies beyond the calendar."""
    begin = max(earliest, times.start or earliest)
    try:
        if times.cron is not None:
            return next_occurrence(times.cron, begin)
        if times.start is None:
            return begin
        return times.start - (times.start - begin) // times.interval * times.interval
    except (OverflowError, ValueError) as exc:
        raise BadInput(f"the schedule has no occurrence after {begin:{TIME}} in the calendar") from exc


def _an_interval_later(latest: datetime, times: Times) -> datetime:
    try:
        # Batch makes a job some seconds after its occurrence.
        return latest.replace(second=0, microsecond=0) + times.interval
    except OverflowError as exc:
        raise BadInput(f"the schedule has no occurrence after {latest:{TIME}} in the calendar") from exc


def _iso(duration: timedelta | None) -> str | None:
    return None if duration is None else f"PT{duration.total_seconds():.0f}S"
