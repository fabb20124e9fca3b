"""The record of a run in its job's metadata, for every machine to read: its id, and the content of its tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from shoal.jobs.run_folder import run_folder

if TYPE_CHECKING:
    from azure.batch.models import BatchMetadataItem

RESERVED_METADATA = "shoal_"
"""The beginning of the names under which a job's metadata hold the record of its run."""
RUN_ID = f"{RESERVED_METADATA}run_id"
RUN_NAME = f"{RESERVED_METADATA}run"
JOB_DIGEST = f"{RESERVED_METADATA}job"
CONTINUES = f"{RESERVED_METADATA}continues"
WHEN_STUCK = f"{RESERVED_METADATA}when_stuck"
END = "end"
DEFERRED = f"{RESERVED_METADATA}deferred"
SKIPPED = f"{RESERVED_METADATA}skipped"
SCHEDULE = f"{RESERVED_METADATA}schedule"
STAGE_PREFIX = f"{RESERVED_METADATA}stage_"
_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContent:
    """The content of a stage's tasks, in any order; barriers are among them."""

    tasks: int = 0
    total: int = 0
    """The sum of the tasks' hashes, modulo 2**64."""


def stage_content(tasks: int, hashes: int) -> StageContent:
    """Return the content of that many tasks with this sum of hashes."""
    return StageContent(tasks=tasks, total=hashes % 2**_BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """A later job of a run, which has the tasks that had not succeeded when the earlier job ended."""

    first_job: str
    """The id of the job that began the run."""
    tasks: int
    """The number of its own tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    run_id: str
    """The id that the folder of its outputs has."""
    run_name: str
    """`run` in its templates."""
    job_digest: str
    """The hash of the job's own properties."""
    stages: Mapping[str, StageContent]
    continuation: Continuation | None = None
    """Set in the later jobs of a run."""
    ends_when_stuck: bool = False
    """True if whoever watches the job ends it once none of its tasks can run any more."""
    deferred: tuple[str, ...] = ()
    """Stages whose tasks are to be added when an earlier one has ended."""
    skipped: int = 0
    """The number of tasks and barriers that are not added, as their outputs were there."""
    schedule: str | None = None
    """The id of the schedule that has made the job, one of many with this record."""

    @property
    def tasks(self) -> int:
        """The number of tasks that the job must have."""
        if self.continuation is not None:
            return self.continuation.tasks
        manager = 0 if self.schedule is None else 1
        return sum(stage.tasks for stage in self.stages.values()) - self.skipped + manager

    def first_job(self, job_id: str) -> str:
        """Return the id of the job that began the run of the job with this record."""
        return self.continuation.first_job if self.continuation is not None else job_id

    def folder(self, job_id: str) -> str:
        """Return the folder of the run of the job with this record."""
        return run_folder(self.first_job(job_id), self.run_id)


def without_endpoint(body: bytes, endpoint: str) -> bytes:
    """Return a task's body without the place of its blobs, at which its content does not change."""
    return body.replace(endpoint.encode(), b"")


def body_hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=_BITS // 8).digest())


def task_hash(task: Mapping[str, Any], endpoint: str) -> int:
    """Hash the content of a task; `endpoint` is the place of its blobs."""
    return body_hash(without_endpoint(orjson.dumps(task), endpoint))


def job_digest(body: object, endpoint: str) -> str:
    """Hash the job's own properties; `endpoint` is the place of its blobs, at which they do not change."""
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return blake2b(content.replace(endpoint.encode(), b"") if endpoint else content, digest_size=8).hexdigest()


def to_metadata(record: RunRecord) -> "list[BatchMetadataItem]":
    """Return one short item for each stage, as Batch does not publish how long a value may be."""
    from azure.batch.models import BatchMetadataItem

    values = {RUN_ID: record.run_id, RUN_NAME: record.run_name, JOB_DIGEST: record.job_digest}
    values |= {f"{STAGE_PREFIX}{name}": f"{stage.tasks} {stage.total:016x}" for name, stage in record.stages.items()}
    if record.continuation is not None:
        values[CONTINUES] = f"{record.continuation.first_job} {record.continuation.tasks}"
    if record.ends_when_stuck:
        values[WHEN_STUCK] = END
    if record.deferred:
        values[DEFERRED] = " ".join(record.deferred)
    if record.schedule is not None:
        values[SCHEDULE] = record.schedule
    if record.skipped:
        values[SKIPPED] = str(record.skipped)
    return [BatchMetadataItem(name=name, value=value) for name, value in values.items()]


def from_metadata(items: "Iterable[BatchMetadataItem] | None") -> RunRecord | None:
    """Return None for a job without a record: another client made it, or an early version of shoal."""
    values = {item.name: item.value for item in items or ()}
    try:
        return RunRecord(
            run_id=values[RUN_ID],
            run_name=values[RUN_NAME],
            job_digest=values[JOB_DIGEST],
            deferred=tuple(values.get(DEFERRED, "").split()),
            skipped=int(values.get(SKIPPED, 0)),
            schedule=values.get(SCHEDULE),
            stages={
                name.removeprefix(STAGE_PREFIX): _stage_content(value)
                for name, value in values.items()
                if name.startswith(STAGE_PREFIX)
            },
            continuation=_continuation(values[CONTINUES]) if CONTINUES in values else None,
            ends_when_stuck=values.get(WHEN_STUCK) == END,
        )
    except (KeyError, ValueError):
        return None


def is_of_record(item: "BatchMetadataItem") -> bool:
    return item.name.startswith(RESERVED_METADATA)


def _continuation(text: str) -> Continuation:
    first_job, tasks = text.split()
    return Continuation(first_job=first_job, tasks=int(tasks))


def _stage_content(text: str) -> StageContent:
    tasks, total = text.split()
    return StageContent(tasks=int(tasks), total=int(total, 16))
