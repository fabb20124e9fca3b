"""Messages after Ctrl-C: what is left running, and the command that goes on."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
