"""`shoal run`: a job submitted, watched and fetched in one go."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoal.cli import options, output
from shoal.errors import BadInput

if TYPE_CHECKING:
    from shoal.jobs.binding.bound_job import BoundJob


@click.command()
@options.of_job_file
@options.changed
@options.out
@options.recover
@options.as_json
def run(job: "BoundJob", changed: str | None, out: Path | None, recover: bool, as_json: bool) -> None:
    """Submit FILE, watch its job and fetch its outputs. Exits with 0 only if all its tasks succeeded.

    A FILE with `schedule` runs once and now, as a job that --job names.
    """
    from shoal.cli.carry_out import carry_out
    from shoal.cli.endings import report
    from shoal.cli.fetch import RESULTS, fetched_outputs
    from shoal.connect import connected
    from shoal.jobs.submit.changes import OnChange
    from shoal.jobs.submit.plan import make_plan
    from shoal.runs.output_folder import refuse_unwritable

    job = _once(job)
    refuse_unwritable(out or Path(RESULTS))
    plan = make_plan(job)
    output.show_warnings(plan.warnings)
    on_change = OnChange(changed or OnChange.REFUSE)
    with connected(job.environment) as services:
        submission, ending = carry_out(job, plan, services, on_change=on_change, err=as_json, recover=recover)
        # Also after failures: what the other tasks wrote is there.
        fetched = fetched_outputs(services, plan.job_id, out)
        report(services, plan.job_id, ending, as_json=as_json, submission=submission.to_json(), fetched=fetched)
        fetched.refuse_problems()


def _once(job: "BoundJob") -> "BoundJob":
    """Return the job without its schedule. Raises BadInput where it would have the schedule's id."""
    spec = job.job_file.spec.job
    if spec.schedule is not None and job.job_file.job_id == spec.id:
        raise BadInput(
            f"'{spec.id}' is the id of a schedule, which `shoal submit` adds; give --job ID to run the job once and now"
        )
    return job.once
