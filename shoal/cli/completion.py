"""Completion of stacks, pools, jobs, tasks and nodes in a shell: quick, and silent where nothing is known.

Whoever presses Tab is not helped by an error, so every fault means that nothing is completed.
"""

import os
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shoal.connect import Services
    from shoal.environment import Environment

SECONDS = 3.0
"""Time after which an answer is not waited for."""
MOST = 100
"""Ids that are asked for: one page, and as much as anybody reads."""

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def stacks(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the stacks of the project that have a file."""

    def names() -> Iterable[str]:
        from shoal.projects.project import find_project

        files = find_project(Path.cwd()).glob("Pulumi.*.yaml")
        return sorted(file.name[len("Pulumi.") : -len(".yaml")] for file in files)

    return _answer(context, names, incomplete)


def pools(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the stack's pools."""
    return _answer(context, lambda: sorted(_environment(context).pools), incomplete)


def jobs(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of jobs, the latest first."""

    def ids(services: "Services") -> Iterable[str]:
        listed = services.batch.list_jobs(filter=_beginning(incomplete), select=["id"], max_results=MOST)
        return (str(job.id) for job in listed)

    return _answer(context, lambda: _ids(context, ids), incomplete)


def schedules(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of job schedules."""

    def ids(services: "Services") -> Iterable[str]:
        listed = services.batch.list_job_schedules(select=["id"], max_results=MOST)
        return (str(schedule.id) for schedule in listed)

    return _answer(context, lambda: _ids(context, ids), incomplete)


def tasks(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of tasks of the job on the command line."""
    job_id = _argument(context, "job_id") or ""

    def ids(services: "Services") -> Iterable[str]:
        listed = services.batch.list_tasks(job_id, filter=_beginning(incomplete), select=["id"], max_results=MOST)
        return (str(task.id) for task in listed)

    return _answer(context, lambda: _ids(context, ids), incomplete)


def stages(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the stages of the job on the command line."""
    job_id = _argument(context, "job_id") or ""

    def names(services: "Services") -> Iterable[str]:
        from shoal.jobs.run_record import from_metadata

        record = from_metadata(services.batch.get_job(job_id).metadata)
        return record.stages if record is not None else ()

    return _answer(context, lambda: _ids(context, names), incomplete)


def secrets(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of this machine's secrets."""

    def names() -> Iterable[str]:
        from shoal.jobs.secrets.local_store import secret_names

        return secret_names()

    return _answer(context, names, incomplete)


def nodes(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of nodes of the pool on the command line, or of all pools."""

    def ids(services: "Services") -> Iterable[str]:
        from shoal.runs.listing import requested_pools

        for name in requested_pools(services.environment, _argument(context, "pool")):
            pool_id = services.environment.pools[name].id
            yield from (str(node.id) for node in services.batch.list_nodes(pool_id, select=["id"], max_results=MOST))

    return _answer(context, lambda: _ids(context, ids), incomplete)


def _ids(context: click.Context, question: Callable[["Services"], Iterable[str]]) -> list[str]:
    from shoal.connect import connected
    from shoal.service_status import trust_running_service

    trust_running_service(os.environ)
    with connected(_environment(context)) as services:
        return list(islice(question(services), MOST))


def _environment(context: click.Context) -> "Environment":
    from shoal.cli.options import requested_environment

    return requested_environment(context.params.get("stack_name") or "local", context.params.get("document"))


def _argument(context: click.Context, name: str) -> str | None:
    """Return the command's first argument, also while the value of an option behind it is being completed."""
    # click has not assigned it by then.
    return context.params.get(name) or next(iter(context.args), None)


def _beginning(incomplete: str) -> str | None:
    """Return a filter for ids that begin so, which hold no quotes. Source: Batch REST, List Jobs and List Tasks."""
    return f"startswith(id,'{incomplete}')" if incomplete and "'" not in incomplete else None


def _answer(context: click.Context, question: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    """Return the words that begin with what is there so far; none where the answer is late, or an error."""
    answers: list[str] = []

    def ask() -> None:
        try:
            answers.extend(question())
        except Exception:  # noqa: BLE001 - see the module
            return

    _go_to_directory(context)
    # A daemon: a request that hangs must not keep the shell waiting.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(SECONDS)
    return [word for word in answers if word.lower().startswith(incomplete.lower())]


def _go_to_directory(context: click.Context) -> None:
    """Follow -C, which the group itself does not do while a shell completes."""
    directory = context.find_root().params.get("directory")
    if directory is not None and Path(directory).is_dir():
        os.chdir(directory)
