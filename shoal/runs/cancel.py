"""Cancel a job. Returns when it is done."""

from typing import Any

from azure.batch import BatchClient
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import error_code
from shoal.runs.unknown_ids import unknown_job

POLL_SECONDS = 1


def cancel(client: BatchClient, job_id: str, *, reason: str = "UserTerminate") -> bool:
    """End running tasks, and let waiting ones never run. Return False where the job had ended before."""
    try:
        # The client refuses a missing or empty body, and keeps the model of it to itself.
        options: Any = {"terminateReason": reason}
        client.begin_terminate_job(job_id, options=options, polling_interval=POLL_SECONDS).wait()
    except ResourceNotFoundError as exc:
        raise unknown_job(client, job_id) from exc
    except ResourceExistsError as exc:
        if error_code(exc) not in ("JobCompleted", "JobBeingTerminated"):
            raise
        return False
    return True
