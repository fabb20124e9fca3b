"""Makes the forecast that a manifest keeps: that of `shoal plan`, with the durations that the job file expects."""

from shoal.connect import Services
from shoal.forecast.forecast import Forecast
from shoal.forecast.prices import APPROXIMATE
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.preflight.job_forecast import expected_durations, job_forecast
from shoal.jobs.preflight.service_facts import forecast_facts
from shoal.jobs.skip.skips import expected_skips
from shoal.jobs.submit.plan import Plan
from shoal.manifest.kept_forecast import ExpectedRun, KeptForecast

MOST_TASKS = 1_000_000
"""Tasks that are simulated, in about five seconds: a submission must not wait longer for a forecast."""
WITHOUT_DURATIONS = "the job file expects no durations: give each stage its `expected_time`"


def forecast_to_keep(job: BoundJob, plan: Plan, services: Services) -> KeptForecast:
    durations = expected_durations(job, {})
    if not durations.stages:
        return KeptForecast(expected=None, source=WITHOUT_DURATIONS)
    if sum(stage.tasks for stage in plan.stages) > MOST_TASKS:
        return KeptForecast(expected=None, source=f"at most {MOST_TASKS} tasks are simulated; `shoal plan` does more")
    # A submission has checked the job by now: the rest of the facts would be read a second time.
    facts, skipped = forecast_facts(job, services), expected_skips(job, services)
    planned = job_forecast(job, plan, facts, durations, APPROXIMATE, None, skipped)
    expected = _expected(planned.forecast) if planned.forecast else None
    return KeptForecast(expected=expected, source=planned.source)


def _expected(forecast: Forecast) -> ExpectedRun:
    return ExpectedRun(
        makespan_seconds=forecast.makespan_seconds,
        node_hours=forecast.node_hours,
        cost=forecast.cost.mixed if forecast.cost else None,
        currency=forecast.cost.currency if forecast.cost else "",
        course=forecast.course,
    )
