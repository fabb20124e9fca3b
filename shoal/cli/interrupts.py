"""Messages after Ctrl-C: what is left running, and the command that goes on."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shoal.jobs.binding.bound_job import BoundJob


@contextmanager
def submitting(job: "BoundJob") -> Iterator[None]:
    """Name the job, of which some tasks may have been added."""
    job_id, run_name = job.job_file.job_id, job.job_file.names["run"]
    # Without its name, the next command would submit another run.
    named = any(word.removeprefix("-p").startswith("run=") for word in sys.argv)
    command = this_command(*(() if named else ("-p", f"run={run_name}")))
    with _explained(f"the tasks of job {job_id} that were added run on; `{command}` adds the rest"):
        yield


@contextmanager
def submitting_listed(job_ids: Sequence[str]) -> Iterator[None]:
    """Name the submitted jobs, as far as the sequence has come by then."""
    try:
        yield
    except KeyboardInterrupt:
        there = f"the submitted jobs run on: {', '.join(job_ids)}" if job_ids else "no job was submitted as a whole"
        click.echo(f"\n{there}; `shoal submit --listed` goes on", err=True)
        raise


def before_submission() -> AbstractContextManager[None]:
    return _explained(f"nothing was submitted; `{this_command()}` submits it")


def submitting_schedule(schedule_id: str) -> AbstractContextManager[None]:
    return _explained(f"schedule {schedule_id} is not there yet, or is whole; `{this_command()}` adds what is missing")


def probing(probe_id: str) -> AbstractContextManager[None]:
    """Name the job of a probe, which a second Ctrl-C, or one before its last task is added, leaves behind."""
    return _explained(
        f"the job itself was not submitted; if `shoal jobs` lists {probe_id}, its tasks run on, and "
        f"`shoal rm {probe_id} --outputs` ends and removes them"
    )


def deploying(stack: str) -> AbstractContextManager[None]:
    return _explained(f"stack {stack} may be deployed in part, and what is deployed stays; `{this_command()}` goes on")


def destroying(stack: str) -> AbstractContextManager[None]:
    return _explained(f"stack {stack} may be deleted in part, and what is left stays; `{this_command()}` goes on")


def removing(subject: str) -> AbstractContextManager[None]:
    return _explained(f"{subject} may be deleted in part; `{this_command()}` deletes the rest")


@contextmanager
def fetching(job_id: str) -> Iterator[None]:
    with _explained(f"the files that were fetched stay; `shoal fetch {job_id}` fetches the others"):
        yield


@contextmanager
def retrying(job_id: str) -> Iterator[None]:
    with _explained(f"the tasks of job {job_id} that run again by now run on; `{this_command()}` goes on"):
        yield


def this_command(*more: str) -> str:
    """Return the command line that was given, and more words."""
    return shlex.join(["shoal", *sys.argv[1:], *more])


@contextmanager
def _explained(message: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\n{message}", err=True)
        raise
