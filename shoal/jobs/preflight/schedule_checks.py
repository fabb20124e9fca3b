"""Checks of a job with a schedule against its stack and its pool. Pure.

Source: "Role-based access control for Azure Batch service" (2024-12-11): Azure Batch Job Submitter adds tasks. The
tokens that tasks once had from Batch were retired in September 2024.
"""

from collections.abc import Iterator

from shoal.environment import Environment
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.finding import Finding, warning
from shoal.jobs.preflight.service_facts import ServiceFacts
from shoal.jobs.preflight.storage_checks import signature_life

SCHEDULE = ("job", "schedule")


def schedule_findings(job: BoundJob, facts: ServiceFacts, *, local_files: int) -> Iterator[Finding]:
    """`local_files` is the number of files that a submission uploads."""
    if job.job_file.spec.job.schedule is None:
        return
    yield from _about_identity(job.environment)
    if facts.pool is not None and facts.pool.runs_containers:
        sentence = "a pool for containers runs no task without one, and the task that adds the others has none"
        yield Finding(place=SCHEDULE, sentence=f"{sentence}; choose another pool, or run the job from cron or CI")
    if local_files:
        files = "file" if local_files == 1 else f"{local_files} files"
        sentence = f"each job reads the {files} of this submission, as it is now; submit again after a change"
        yield warning(SCHEDULE, sentence)
    if job.job_file.spec.job.max_time is None:
        sentence = "a schedule makes no job while another one runs; max_time ends one that hangs"
        yield warning(("job",), sentence)


def _about_identity(environment: Environment) -> Iterator[Finding]:
    if (life := signature_life(environment)) is not None:
        sentence = f"nodes without an identity read and write by addresses that stop working after {life.days} days"
        yield Finding(
            place=SCHEDULE, sentence=f"{sentence}, and the schedule with them; deploy the stack by `shoal up`"
        )
    elif not environment.nodes_add_tasks:
        sentence = (
            f"the nodes of stack '{environment.stack}' may not add tasks, as those of each job must; set "
            f"{environment.project}:jobSchedules to true and run `shoal up`: every task on the nodes can then add and "
            "end jobs of the account"
        )
        yield Finding(place=SCHEDULE, sentence=sentence)
