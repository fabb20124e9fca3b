"""`shoal plan`: what a job file would run, checked with the stack and its service, and forecast."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import interrupts, options, output

if TYPE_CHECKING:
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.jobs.file.mistakes import Mistake
    from shoal.jobs.preflight.job_forecast import JobForecast, TaskDurations
    from shoal.jobs.preflight.preflight import OtherRunCheck, Preflight
    from shoal.jobs.submit.plan import Plan


@click.command()
@options.of_job_file
@options.changed
@options.of_forecast
@options.as_json
def plan(job: "BoundJob", changed: str | None, as_json: bool, **forecasting: Any) -> None:
    """Show what FILE would run, what would stop it, and a forecast.

    The file is checked with the stack and its service: slots, packages, inputs, containers, quotas, the pool's formula,
    and the job's id if it is in use. All problems are listed at once, and exit with 2. Creates nothing, but for the
    tasks of --probe.
    """
    checked = _checked(job, changed)
    if checked.problems or checked.plan is None:
        _refuse(checked.problems, checked.warnings, as_json=as_json)
        return
    output.show_warnings(checked.warnings)
    forecast = _forecast(job, checked.plan, checked, **forecasting)
    if as_json:
        _emit_json(checked.plan, checked, forecast)
    else:
        _show(job, checked.plan, checked, forecast)


def _checked(job: "BoundJob", changed: str | None) -> "Preflight":
    """Check with the service, or without it where it does not answer, which is a warning then."""
    from shoal.connect import connected
    from shoal.errors import BadInput
    from shoal.jobs.preflight.preflight import preflight, without_service

    try:
        with connected(job.environment) as services:
            return preflight(job, services, refuse_other_run=_other_run_check(job, changed))
    except BadInput as exc:
        return without_service(job, str(exc))


def _other_run_check(job: "BoundJob", changed: str | None) -> "OtherRunCheck":
    from shoal.jobs.schedule.submission import refuse_other_schedule
    from shoal.jobs.submit.changes import OnChange
    from shoal.jobs.submit.submit import refuse_other_run

    check = refuse_other_run if job.job_file.spec.job.schedule is None else refuse_other_schedule
    return partial(check, on_change=OnChange(changed or OnChange.REFUSE))


def _refuse(problems: "tuple[Mistake, ...]", warnings: tuple[str, ...], *, as_json: bool) -> None:
    from shoal.jobs.preflight.file_check import problems_json

    if as_json:
        output.emit_json({"problems": problems_json(problems), "warnings": warnings})
    else:
        output.show_warnings(warnings)
        for problem in problems:
            click.echo(f"error: {problem.message}", err=True)
    sys.exit(2)


def _forecast(
    job: "BoundJob",
    planned: "Plan",
    checked: "Preflight",
    *,
    expectations: Sequence[str],
    like: str | None,
    probe: int | None,
    price_file: Path | None,
    evictions: float | None,
) -> "JobForecast":
    from shoal.forecast.prices import APPROXIMATE
    from shoal.jobs.preflight.job_forecast import job_forecast
    from shoal.jobs.preflight.price_file import read_prices

    if sum(map(bool, (expectations, like, probe))) > 1:
        raise click.UsageError("give one of --expect, --like and --probe")
    prices = read_prices(price_file) if price_file else APPROXIMATE
    durations = _durations(job, planned, expectations, like, probe)
    return job_forecast(job, planned, checked.facts, durations, prices, evictions, checked.skipped)


def _durations(
    job: "BoundJob", planned: "Plan", expectations: Sequence[str], like: str | None, probe: int | None
) -> "TaskDurations":
    from shoal.connect import connected
    from shoal.jobs.preflight.job_forecast import expected_durations, given_durations, measured_durations
    from shoal.runs.probe import probe as run_probe
    from shoal.runs.probe import probe_id
    from shoal.runs.task_durations import task_durations

    stages = [stage.name for stage in planned.stages]
    if like is None and probe is None:
        return expected_durations(job, given_durations(expectations, stages))
    with connected(job.environment) as services:
        if like is not None:
            return measured_durations(task_durations(services.batch, like, stages), f"as in job {like}")
        click.echo(f"running the first {probe} tasks of each stage", err=True)
        with interrupts.probing(probe_id(job)):
            return measured_durations(run_probe(job, services, probe or 1), "measured by a probe")


def _emit_json(planned: "Plan", checked: "Preflight", forecast: "JobForecast") -> None:
    from shoal.jobs.submit.plan import to_json

    skipped = {"skipped": checked.skipped} if checked.skipped else {}
    output.emit_json(
        {**to_json(planned), **skipped, "warnings": checked.warnings, "problems": [], "forecast": forecast}
    )


def _show(job: "BoundJob", planned: "Plan", checked: "Preflight", forecast: "JobForecast") -> None:
    from shoal.cli.plan_screen import screen_lines

    for line in screen_lines(job, planned, checked.skipped, forecast, get_terminal_size().columns):
        click.echo(line)
