"""A mistyped job or task is an error in every command, and the one that was probably meant is named."""

from collections.abc import Callable
from typing import Any

import pytest

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs import listing
from shoal.runs.cancel import cancel
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.logs import LogFile, follow_log, read_log
from shoal.runs.removal import find_removal
from shoal.runs.retry.jobs_of_run import jobs_of_run
from shoal.runs.stored_run import folder_of_run
from shoal.runs.why.collection import collect
from tests.runs.batch_jobs import add_job, task

Question = Callable[[Services, str], Any]
ABOUT_JOBS: dict[str, Question] = {
    "watch": lambda services, job: BatchJobQueries(services.batch, job).read(),
    "why": collect,
    "retry": lambda services, job: jobs_of_run(services.batch, job),
    "fetch": folder_of_run,
    "logs": lambda services, job: read_log(services, LogFile(job_id=job, task_id="t1", name="stdout.txt")),
    "logs -f": lambda services, job: next(follow_log(services, LogFile(job_id=job, task_id="t1", name="stdout.txt"))),
    "tasks": lambda services, job: list(listing.tasks(services.batch, job, state=None, failed=False, limit=None)),
    "cancel": lambda services, job: cancel(services.batch, job),
    "rm": lambda services, job: find_removal(services, job, None, outputs=False),
    "rm --outputs": lambda services, job: find_removal(services, job, None, outputs=True),
}


@pytest.fixture(scope="module")
def job(services: Services) -> str:
    add_job(services, "nightly-pricing-of-everything", task("simulate-0001", "true"), ends=False)
    return "nightly-pricing-of-everything"


@pytest.mark.parametrize("command", ABOUT_JOBS)
def test_mistyped_job_is_refused_with_the_one_that_was_meant(services: Services, job: str, command: str) -> None:
    typo = job.replace("pricing", "pricign")
    with pytest.raises(BadInput) as raised:
        ABOUT_JOBS[command](services, typo)
    assert str(raised.value) == f"there is no job '{typo}'; did you mean {job}? `shoal jobs` lists them"


@pytest.mark.parametrize(
    "question",
    [
        lambda services, job, task_id: collect(services, job, task_id),
        lambda services, job, task_id: read_log(services, LogFile(job_id=job, task_id=task_id, name="stdout.txt")),
    ],
    ids=["why", "logs"],
)
def test_mistyped_task_is_refused_with_the_one_that_was_meant(
    services: Services, job: str, question: Callable[[Services, str, str], Any]
) -> None:
    with pytest.raises(BadInput) as raised:
        question(services, job, "simulate-001")
    expected = f"job '{job}' has no task 'simulate-001'; did you mean simulate-0001? `shoal tasks {job}` lists them"
    assert str(raised.value) == expected
