"""Jobs that are disabled, of which Batch starts no task, and enabled again.

Source: Batch REST (2025-06-01), Job - Disable and Job - Enable. A task whose exit condition says `disable` disables its
job as well, and Batch requeues the others that run then.
"""

from typing import Literal

from azure.batch import BatchClient
from azure.batch.models import BatchJobDisableOptions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shoal.connect import error_code, plain_word
from shoal.errors import BadInput
from shoal.runs.unknown_ids import unknown_job

RunningTasks = Literal["requeue", "terminate", "wait"]
DISABLED = ("disabled", "disabling")
ENDED_CODES = ("JobCompleted", "JobBeingTerminated", "JobBeingDeleted")


def disable(client: BatchClient, job_id: str, running_tasks: RunningTasks) -> bool:
    """Let no further task of the job start. Return False where it was disabled before; its running tasks obey as well.

    Does not wait for running tasks: their last one may take hours.
    """
    before = is_disabled(client, job_id)
    try:
        client.begin_disable_job(job_id, BatchJobDisableOptions(disable_tasks=running_tasks))
    except HttpResponseError as exc:
        raise _ended(job_id, exc) from exc
    return not before


def enable(client: BatchClient, job_id: str) -> bool:
    """Let the tasks of a disabled job start again. Return False where it was not disabled."""
    if not is_disabled(client, job_id):
        return False
    try:
        client.begin_enable_job(job_id)
    except HttpResponseError as exc:
        raise _ended(job_id, exc) from exc
    return True


def is_disabled(client: BatchClient, job_id: str) -> bool:
    """Raises BadInput where there is no such job."""
    try:
        return plain_word(client.get_job(job_id, select=["id", "state"]).state) in DISABLED
    except ResourceNotFoundError as exc:
        raise unknown_job(client, job_id) from exc


def _ended(job_id: str, exc: HttpResponseError) -> Exception:
    """Return the error in plain words for a job that has ended, else the error itself."""
    if error_code(exc) in ENDED_CODES:
        return BadInput(f"job '{job_id}' has ended; `shoal retry {job_id}` goes on with what has not succeeded")
    return exc
