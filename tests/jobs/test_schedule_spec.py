"""The key `schedule`: its forms, its mistakes, and what Batch gets of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.file.schedule_spec import Times, times_of
from shoal.jobs.schedule.recurrence import recurrence
from tests.jobs.builders import job_file

NOW = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
JOB = "job: {{id: nightly, pool: spot, schedule: {schedule}}}\nstages: [{{name: one, command: 'true'}}]\n"


def times(folder: Path, schedule: str) -> Times:
    found = job_file(folder, JOB.format(schedule=schedule)).spec.job.schedule
    assert found is not None
    return times_of(found)


def test_schedule_is_a_cron_line_or_a_mapping(tmp_path: Path) -> None:
    assert times(tmp_path, '"0 3 * * *"') == times(tmp_path, '{cron: "0 3 * * *"}')
    end = datetime(2026, 12, 24, tzinfo=UTC)
    assert times(tmp_path, "{every: 90m, end: 2026-12-24, window: 10m}") == Times(
        every=timedelta(minutes=90), end=end, window=timedelta(minutes=10)
    )
    assert times(tmp_path, "{every: 1h, start: '2026-12-01T03:00+01:00'}").start == datetime(2026, 12, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ('"0 9,17 * * *"', "job.schedule is 0 9,17 * * *; it does not recur at equal intervals"),
        ("{cron: '0 9,17 * * *'}", "job.schedule.cron is 0 9,17 * * *; it does not recur"),
        ("nightly", "job.schedule is nightly; it must be a cron line of five fields"),
        ("{every: 30s}", "it must be a minute or longer"),
        ("{every: 1h, window: 5s}", "it must be a minute or longer"),
        ("{every: 1h, cron: '0 3 * * *'}", "exactly one of cron, every"),
        ("{start: 2026-12-01}", "exactly one of cron, every"),
        ("{every: 1h, start: soon}", "it must be a date or a time such as 2026-12-01T03:00"),
        ("{every: 1h, start: 2026-12-02, end: 2026-12-01}", "end must be later than start"),
        ("{every: 1h, zone: CET}", "zone is not a known key"),
        ("5", "schedule"),
        ("[1]", "schedule"),
    ],
)
def test_mistake_names_its_key(tmp_path: Path, schedule: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        job_file(tmp_path, JOB.format(schedule=schedule))
    assert "job.yaml line 1: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("given", "latest", "expected"),
    [
        ({"cron": "0 3 * * *"}, None, {"recurrenceInterval": "PT86400S", "doNotRunUntil": "2026-11-29T03:00:00Z"}),
        ({"every": "6h"}, None, {"recurrenceInterval": "PT21600S"}),
        (
            {"every": "6h", "start": "2026-11-28T03:00"},  # in the past: the occurrences go on from there
            None,
            {"recurrenceInterval": "PT21600S", "doNotRunUntil": "2026-11-28T15:00:00Z"},
        ),
        (
            {"cron": "0 3 * * *", "start": "2026-12-24", "end": "2027-01-06", "window": "1h"},
            None,
            {
                "recurrenceInterval": "PT86400S",
                "doNotRunUntil": "2026-12-24T03:00:00Z",
                "startWindow": "PT3600S",
                "doNotRunAfter": "2027-01-06T00:00:00Z",
            },
        ),
        # Changed at noon from 3 to 5 o'clock. Batch counts on from the latest job, which an interval must have passed.
        (
            {"cron": "0 5 * * *"},
            "2026-11-28T03:00:02",
            {"recurrenceInterval": "PT86400S", "doNotRunUntil": "2026-11-29T05:00:00Z"},
        ),
        (
            {"cron": "0 13 * * *"},
            "2026-11-28T03:00:02",
            {"recurrenceInterval": "PT86400S", "doNotRunUntil": "2026-11-29T13:00:00Z"},
        ),
    ],
)
def test_batch_gets_the_first_occurrence_and_one_interval(
    given: dict[str, Any], latest: str | None, expected: dict[str, str]
) -> None:
    made = None if latest is None else datetime.fromisoformat(latest).replace(tzinfo=UTC)
    assert recurrence(Times.model_validate(given), NOW, latest=made) == expected


def test_end_before_the_first_job_is_refused() -> None:
    with pytest.raises(BadInput, match="before its first job would begin, at 2026-11-29T03:00:00Z"):
        recurrence(Times.model_validate({"cron": "0 3 * * *", "end": "2026-11-29T02:00"}), NOW)


@pytest.mark.parametrize(
    "given",
    [
        {"cron": "0 3 * * *", "start": "9999-12-31T23:00"},
        {"every": "900000d", "start": "9990-01-01"},
        {"every": "900000d"},
    ],
)
def test_times_beyond_the_calendar_are_refused(given: dict[str, Any]) -> None:
    late = datetime(9995, 1, 1, tzinfo=UTC)
    with pytest.raises(BadInput, match="in the calendar"):
        recurrence(Times.model_validate(given), late, latest=late)
