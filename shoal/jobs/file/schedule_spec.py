"""The key `schedule` of a job: the times at which Batch makes a job by itself.

Source: Batch REST, Job Schedule - Add, JobScheduleConfiguration (2025-06-01): interval and start window are at least a
minute.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from shoal.duration_type import Duration
from shoal.jobs.file.cron import CronFault, interval_of
from shoal.jobs.file.values import JobFileSection, exactly_one

SHORTEST = timedelta(minutes=1)


def _equally_spaced(line: str) -> str:
    try:
        interval_of(line)
    except CronFault as exc:
        raise PydanticCustomError("cron", "{reason}", {"reason": str(exc)}) from exc
    return line


def _a_minute(value: timedelta) -> timedelta:
    if value < SHORTEST:
        raise PydanticCustomError("interval", "it must be a minute or longer, as Batch wants it")
    return value


def _moment(value: object) -> object:
    """Read ISO's forms; a moment without an offset is one of UTC, and a date is its first moment."""
    match value:
        case datetime():
            moment = value
        case date():
            moment = datetime.combine(value, time())
        case _:
            try:
                moment = datetime.fromisoformat(str(value))
            except ValueError as exc:
                raise PydanticCustomError("moment", "it must be a date or a time such as 2026-12-01T03:00") from exc
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


CronLine = Annotated[
    str,
    AfterValidator(_equally_spaced),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A cron line of five fields, in UTC, whose occurrences are equally spaced.",
            "examples": ["0 3 * * *", "*/15 * * * *", "30 3 * * 1"],
        }
    ),
]
Interval = Annotated[Duration, AfterValidator(_a_minute)]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "examples": ["2026-12-01T03:00"]})
]


class Times(JobFileSection):
    """The times at which a schedule makes its jobs."""

    cron: CronLine | None = None
    """The times as a cron line of five fields, in UTC, whose occurrences are equally spaced."""
    every: Interval | None = None
    """The time between two jobs, such as 6h, instead of a cron line."""
    start: Moment | None = None
    """The moment before which no job is made, in UTC. With `every`, the first job's."""
    end: Moment | None = None
    """The moment after which no job is made, in UTC."""
    window: Interval | None = None
    """The time after each occurrence in which its job may still begin, if the job before it has not ended."""

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        return exactly_one(self, "cron", "every")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise PydanticCustomError("end", "end must be later than start")
        return self

    @property
    def interval(self) -> timedelta:
        return self.every if self.every is not None else interval_of(self.cron or "")


Schedule = Annotated[
    Annotated[CronLine, Tag("cron line")] | Annotated[Times, Tag("times")],
    Discriminator(lambda value: "cron line" if isinstance(value, str) else "times"),
]


def times_of(schedule: str | Times) -> Times:
    return Times(cron=schedule) if isinstance(schedule, str) else schedule
