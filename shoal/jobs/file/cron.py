"""Cron lines of five fields, in UTC, as the one interval that a job schedule of Batch has. Pure.

Source: Batch REST, Job Schedule - Add, JobScheduleConfiguration (2025-06-01): one `recurrenceInterval`.
"""

from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from cronsim import CronSim, CronSimError

FIELDS = "minute, hour, day of the month, month, day of the week"
EVERY_DAY, EVERY_MONTH = set(range(1, 32)), set(range(1, 13))
A_MONDAY = datetime(2026, 1, 5)
TWO_WEEKS = timedelta(days=14)


class CronFault(Exception):
    """A line that cannot become a schedule; the text says why, and what can be done."""


def interval_of(line: str) -> timedelta:
    """Return the time between two occurrences. Raises CronFault where it is not always the same."""
    cron = _read(line, A_MONDAY)
    # A line for every day of every month has the same times each week, so two weeks show all of its intervals.
    is_weekly = (
        cron.days == EVERY_DAY and cron.months == EVERY_MONTH and all(isinstance(day, int) for day in cron.weekdays)
    )
    occurrences = takewhile(lambda moment: moment <= A_MONDAY + TWO_WEEKS, cron) if is_weekly else ()
    intervals = {later - earlier for earlier, later in pairwise(occurrences)}
    if len(intervals) != 1:
        raise CronFault(
            "it does not recur at equal intervals, and a job schedule of Batch has one interval; give each time a job "
            "file of its own, such as '0 9 * * *' and '0 17 * * *', or let cron or CI call `shoal submit`"
        )
    return intervals.pop()


def next_occurrence(line: str, moment: datetime) -> datetime:
    """Return the first occurrence at this moment or later."""
    return next(_read(line, moment - timedelta(microseconds=1)))


def _read(line: str, moment: datetime) -> CronSim:
    if len(line.split()) != len(FIELDS.split(",")):
        raise CronFault(f"it must be a cron line of five fields: {FIELDS}")
    try:
        return CronSim(line, moment)
    except (CronSimError, ValueError) as exc:  # a number of thousands of digits is a ValueError
        raise CronFault(f"it must be a cron line of five fields ({FIELDS}): {str(exc).lower()}") from exc
