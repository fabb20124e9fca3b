"""Decisions about a run whose job can end at any moment, with its last task: then all is read and decided anew."""

from collections.abc import Callable
from datetime import timedelta

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.retry.continuation import JobHasEnded
from shoal.runs.retry.jobs_of_run import JobsOfRun, jobs_of_run
from shoal.runs.retry.retried import Reports, Retried
from shoal.runs.verdict import LAGGED, Unfinished
from shoal.runs.watch import watch

ROUNDS = 5
"""Times that a decision may be overtaken by the end of the job."""


def until_carried_out(
    services: Services, job_id: str, decide: Callable[[JobsOfRun], Retried], reports: Reports
) -> Retried:
    """Return the result of the first decision that the end of the job does not overtake."""
    for _ in range(ROUNDS):
        try:
            return decide(_settled_run(services, job_id, reports.on_lag))
        except JobHasEnded:
            continue
    raise WorkFailed(f"job '{job_id}' ended {ROUNDS} times while its tasks were chosen; try again")


def _settled_run(services: Services, job_id: str, on_lag: Callable[[Unfinished], None]) -> JobsOfRun:
    """Return the jobs of a run, once the tasks of the last one are listed as they are."""
    run = jobs_of_run(services.batch, job_id)
    if not run.has_ended:
        return run
    queries = BatchJobQueries(services.batch, str(run.last.id))
    ending = watch(queries, on_snapshot=lambda _: None, on_silence=_ignore, on_lag=on_lag)
    if ending.reason == LAGGED:
        raise WorkFailed(f"job '{run.last.id}': {LAGGED}; try again later")
    return run


def _ignore(_: timedelta) -> None:
    """Say nothing of pauses: the caller is about to say whether it went on."""
