"""Cron lines as the one interval of a job schedule."""

from datetime import UTC, datetime, timedelta

import pytest

from shoal.jobs.file.cron import CronFault, interval_of, next_occurrence

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("line", "interval", "first"),
    [
        ("* * * * *", timedelta(minutes=1), "2026-11-28 12:00"),
        ("*/15 * * * *", timedelta(minutes=15), "2026-11-28 12:00"),
        ("7,27,47 * * * *", timedelta(minutes=20), "2026-11-28 12:07"),
        ("0 */6 * * *", timedelta(hours=6), "2026-11-28 12:00"),
        ("30 9,21 * * *", timedelta(hours=12), "2026-11-28 21:30"),
        ("0 3 * * *", timedelta(days=1), "2026-11-29 03:00"),
        ("30 3 * * 1", timedelta(days=7), "2026-11-30 03:30"),
        ("30 3 * * mon", timedelta(days=7), "2026-11-30 03:30"),
        ("0 3 * * 0-6", timedelta(days=1), "2026-11-29 03:00"),
        ("0 3 1-31 1-12 *", timedelta(days=1), "2026-11-29 03:00"),
    ],
)
def test_line_with_equal_intervals_has_one_and_a_first_occurrence(line: str, interval: timedelta, first: str) -> None:
    assert interval_of(line) == interval
    assert f"{next_occurrence(line, NOON):%Y-%m-%d %H:%M}" == first


@pytest.mark.parametrize(
    "line",
    [
        "*/7 * * * *",  # 56 minutes past, then on the hour
        "0 */5 * * *",
        "0 9,17 * * *",
        "0 9 * * 1-5",
        "0 9 * * 1,4",
        "0 0 1 * *",  # months have different lengths
        "0 0 1-30 * *",  # equal for weeks, but not for ever
        "0 0 * 1-11 *",
        "0 0 * * 1#1",
        "0 0 29 2 *",
    ],
)
def test_line_with_other_intervals_is_refused_with_what_can_be_done(line: str) -> None:
    with pytest.raises(CronFault, match=r"does not recur at equal intervals.*job file of its own.*shoal submit"):
        interval_of(line)


@pytest.mark.parametrize(
    "line", ["", "nightly", "0 3 * *", "0 0 3 * * *", "61 3 * * *", "0 3 * * 9", "0 0 30 2 *", "9" * 5000 + " 3 * * *"]
)
def test_what_is_no_cron_line_is_refused_with_the_five_fields(line: str) -> None:
    with pytest.raises(CronFault, match="minute, hour, day of the month, month, day of the week"):
        interval_of(line)
