"""A job submitted and followed to its end, with the tasks that its later stages get on the way."""

import click

from shoal.cli import interrupts
from shoal.cli.display import follow
from shoal.connect import Services
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.plan import Plan
from shoal.jobs.submit.submit import Submission, submit
from shoal.runs.job_ending import JobEnding


def carry_out(
    job: BoundJob,
    plan: Plan,
    services: Services,
    *,
    err: bool,
    on_change: OnChange = OnChange.REFUSE,
    recover: bool = True,
) -> tuple[Submission, JobEnding]:
    """Submit the job and follow it; again for the stages that get a task for each file of an earlier one."""
    done: tuple[Submission, JobEnding] | None = None
    while True:
        with interrupts.submitting(job):
            submission = submit(job, plan, services, on_change=on_change)
        if done is not None and not submission.added and submission.deferred:
            return done  # the stage that they wait for has failed
        click.echo(submission.summary, err=err)
        expected = submission.added + submission.already_there
        done = submission, follow(services, plan.job_id, err=err, expected=expected, recover=recover)
        if not submission.deferred:
            return done
