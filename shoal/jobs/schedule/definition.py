"""The definition of a schedule as Batch keeps it, compared with the one in a job file. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from azure.batch.models import BatchJobSchedule
from pydantic import ValidationError

from shoal.jobs.file.schedule_spec import Times
from shoal.jobs.run_record import RESERVED_METADATA, RunRecord, from_metadata
from shoal.jobs.submit.changes import JOB_DIFFERS, NOT_IN_FILE, differing_stages

TIMES = f"{RESERVED_METADATA}times"
"""The name under which a schedule's metadata hold its times as the job file has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    times: Times | None
    """None for a schedule that another client made."""
    record: RunRecord | None
    """The record that each of its jobs gets."""


def definition_of(schedule: BatchJobSchedule) -> Definition:
    specification = schedule.job_specification
    return Definition(
        times=_times({item.name: item.value for item in schedule.metadata or ()}.get(TIMES, "")),
        record=from_metadata(specification.metadata if specification else None),
    )


def differences(then: Definition, now: Definition) -> list[str]:
    """Return what differs, by part."""
    if then.record is None or now.record is None:
        return ["it was made by another client"]
    return list(_differences(then, now, then.record, now.record))


def _differences(then: Definition, now: Definition, before: RunRecord, after: RunRecord) -> Iterator[str]:
    if then.times != now.times:
        yield "schedule: its times differ"
    if before.job_digest != after.job_digest:
        yield JOB_DIFFERS
    for name in differing_stages(before, after):
        if name not in after.stages:
            yield f"stage {name}: {NOT_IN_FILE}"
        elif name not in before.stages:
            yield f"stage {name}: is new"
        else:
            yield f"stage {name}: its tasks differ (points, command, inputs, outputs, environment, packages, limits)"


def _times(text: str) -> Times | None:
    try:
        return Times.model_validate_json(text)
    except ValidationError:
        return None
