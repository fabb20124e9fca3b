"""The folder of a run in the containers of outputs and logs.

A job's id can be used again after `shoal rm`, so the folder's name also has the id of the run. Ids of jobs have no dot:
`nightly.` begins the folders of the runs of `nightly` only, and `nightly/` none of them.

A job that a schedule has made has an id such as `nightly:job-3`, and so its run a folder of its own, although all jobs
of the schedule have the same id of the run. `nightly.` and that id stand for all of them.

Source: Batch REST, Job - Create, `id`: letters, digits, hyphens and underscores; Job Schedule - Add: ids of its jobs.
"""

import secrets

SCHEDULES = ".shoal/schedules/"
"""Prefix of what schedules keep for their later jobs, in the container of inputs: nothing expires there."""
RUN_ID_UNKNOWN = "RUN"
"""Stands for the id of the run in tasks that are only shown: a run gets its id when its job is added."""


def generated_run_id() -> str:
    return secrets.token_hex(4)


def run_folder(job_id: str, run_id: str) -> str:
    return f"{job_id}.{run_id}"


def schedule_folder(schedule_id: str, run_id: str) -> str:
    """Return the folder of the tasks that one definition of a schedule has stored."""
    return f"{SCHEDULES}{run_folder(schedule_id, run_id)}"


def schedule_of(job_id: str) -> str | None:
    """Return the id of the schedule that has made a job, or None for another job."""
    schedule, colon, _ = job_id.partition(":")
    return schedule if colon else None


def file_name(job_id: str) -> str:
    """Return the id as part of a file's name: Windows has no colons there."""
    return job_id.replace(":", ".")


def id_without_schedule(job_id: str) -> str:
    """Return an id that Batch takes for a job of its own: only those of schedules have colons."""
    return job_id.replace(":", "-")


def run_folders_prefix(job_id: str) -> str:
    return f"{job_id}."
