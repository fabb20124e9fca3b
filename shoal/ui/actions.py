"""What the page can do to jobs: each action is the call of a command, with clients of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.cancel import cancel
from shoal.runs.retry.choice import Choice, Request
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.retry.retry import retry
from shoal.runs.verdict import Unfinished
from shoal.runs.why.finding import counted

Action = Callable[[Services, Mapping[str, str], Mapping[str, Any]], str]
"""Takes the parts of its address and its body; returns what was done, in a sentence."""
READ_ONLY = "`shoal ui` was started with --read-only"


def cancel_job(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    done = cancel(services.batch, place["job"])
    return f"Job {place['job']} is cancelled." if done else f"Job {place['job']} had ended before."


def retry_failed(services: Services, place: Mapping[str, str], _body: Mapping[str, Any]) -> str:
    retried = retry(services, place["job"], Request(), Silence())
    if not retried.again and not retried.resumed:
        return "No task failed, and nothing runs again."
    return f"{counted(len(retried.again), 'failed task', 'runs')} again in job {retried.job_id}."


class Silence:
    """Reports nothing on the way: the page shows it."""

    def on_lag(self, unfinished: Unfinished) -> None: ...
    def on_choice(self, run: JobsOfRun, choice: Choice) -> None: ...


ACTIONS: Mapping[str, Action] = {
    "/actions/jobs/{job}/cancel": cancel_job,
    "/actions/jobs/{job}/retry": retry_failed,
}


def number(body: Mapping[str, Any], name: str) -> int:
    """Return a whole number of a body. Raises BadInput."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInput(f"{name} is {value!r}; it must be a whole number, 0 or more")
    return value
