"""A submission to a job that exists: compared with the record of its run, then continued."""

from collections.abc import Set
from dataclasses import dataclass, field, replace

from azure.batch import BatchClient
from azure.batch.models import BatchJob, BatchJobUpdateOptions
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError

from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.run_record import RunRecord, from_metadata, is_of_record, to_metadata
from shoal.jobs.submit.changes import OnChange, change_message, changed_stages, kept_stages, refuse_replacement
from shoal.jobs.submit.replacement import delete_waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRun:
    """A run that is continued."""

    existing: BatchJob
    record: RunRecord
    """The record that the job gets before tasks are added."""
    is_recorded: bool
    """True if the job has that record already."""
    replaced: list[str]
    """Stages whose waiting tasks are replaced."""
    changed: list[str] = field(default_factory=list)
    """Stages whose tasks do not all have the same definition."""


def settle(
    job: BoundJob,
    existing: BatchJob,
    planned: RunRecord,
    client: BatchClient,
    *,
    on_change: OnChange,
    ended: bool,
    skipped: Set[str] = frozenset(),
) -> SettledRun:
    """Decide how the run goes on. Creates nothing. Raises BadInput for another definition, unless one of the choices
    was made.

    `skipped` are the ids of the tasks that were not added, as their outputs were there.
    """
    then = from_metadata(existing.metadata)
    if then is None:  # made by another client
        return SettledRun(existing=existing, record=planned, is_recorded=False, replaced=[])
    now = replace(planned, run_id=then.run_id, skipped=then.skipped)
    same = SettledRun(existing=existing, record=then, is_recorded=True, replaced=[])
    is_as_it_was = then.stages == now.stages and then.deferred == now.deferred
    if is_as_it_was and then.job_digest == now.job_digest:
        return same
    there = {str(task.id) for task in client.list_tasks(str(existing.id), select=["id"])}
    changed = changed_stages(job, then, now, there | skipped)
    if not changed and then.job_digest == now.job_digest:
        return SettledRun(existing=existing, record=now, is_recorded=False, replaced=[])
    match on_change:
        case OnChange.REFUSE:
            raise BadInput(change_message(job, changed, then, now, ended=ended))
        case OnChange.KEEP:
            stages = kept_stages(job, then, now, changed, there | skipped)
            kept = replace(then, stages=stages, deferred=now.deferred)
            return SettledRun(existing=existing, record=kept, is_recorded=kept == then, replaced=[], changed=changed)
        case OnChange.REPLACE:
            refuse_replacement(str(existing.id), then, now, ended=ended)
            return SettledRun(existing=existing, record=now, is_recorded=False, replaced=changed, changed=changed)


def continue_run(client: BatchClient, job: BoundJob, run: SettledRun) -> str:
    """Make room for the tasks to be added, then record them. Return the run's id.

    In this order: after a crash in between, the next submission still finds a difference.
    """
    if run.replaced:
        delete_waiting(client, job, run.replaced)
    if not run.is_recorded:
        _write(client, run)
    return run.record.run_id


def _write(client: BatchClient, run: SettledRun) -> None:
    own = [item for item in run.existing.metadata or () if not is_of_record(item)]
    try:
        client.update_job(
            str(run.existing.id),
            BatchJobUpdateOptions(metadata=[*own, *to_metadata(run.record)]),
            etag=run.existing.etag,
            match_condition=MatchConditions.IfNotModified,
        )
    except ResourceModifiedError as exc:
        raise BadInput(f"job '{run.existing.id}' was changed by somebody else meanwhile; submit again") from exc


def record_skipped(client: BatchClient, job_id: str, skipped: int) -> None:
    """Write how many tasks of the run are skipped, where the job does not say so yet."""
    job = client.get_job(job_id)
    record = from_metadata(job.metadata)
    if record is not None and record.skipped != skipped:
        now = replace(record, skipped=skipped)
        _write(client, SettledRun(existing=job, record=now, is_recorded=False, replaced=[]))
