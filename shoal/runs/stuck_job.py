"""Jobs that are left with tasks that can never run: Batch keeps them active, and they count against the quota of jobs.

Batch itself ends a job at its first failure, or not at all. A file can say `on_failure: end`: then the one who watches
ends the job once nothing of it can run any more. `shoal retry` goes on with either.

Source: Batch REST, Job - Create, onTaskFailure; the quota "active jobs and job schedules per Batch account".
"""

from dataclasses import replace

from azure.batch import BatchClient

from shoal.jobs.run_record import from_metadata
from shoal.runs.cancel import cancel
from shoal.runs.job_ending import JobEnding

TASKS_BLOCKED = "TasksBlocked"
"""The reason that Batch then shows for the end of the job."""


def ended_if_stuck(client: BatchClient, job_id: str, ending: JobEnding) -> JobEnding:
    """End a job whose file says so. Return its ending, with what was done."""
    if not ending.blocked:
        return ending
    record = from_metadata(client.get_job(job_id).metadata)
    if record is None or not record.ends_when_stuck:
        return ending
    cancel(client, job_id, reason=TASKS_BLOCKED)
    return replace(ending, reason=f"{ending.reason}; the job was ended, as its on_failure says", ended_when_stuck=True)
