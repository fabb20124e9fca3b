"""A run named after its content, so that the same work is the same job whoever submits it, and when."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson

from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.jobs.binding.blob_lists import BlobLists, listed
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import draft_job_file
from shoal.jobs.submit.plan import Plan, make_plan
from shoal.jobs.tasks.job_tasks import job_tasks
from shoal.jobs.tasks.task_bodies import all_tasks

RUN_LENGTH = 12
UNNAMED = "0" * RUN_LENGTH


def planned_without_name(path: Path, given: Mapping[str, Any], environment: Environment) -> tuple[BoundJob, Plan]:
    """Plan a job under a placeholder name and without addresses. Raises BadInput for a job that cannot run."""
    anywhere = replace(environment, blob_endpoint="", node_identity=None)
    job = bind(draft_job_file(path, given=given, run=UNNAMED), anywhere, BlobLists(environment, listed))
    if job.deferred_stages:
        raise BadInput(
            f"{path}: a stack cannot list a job with `outputs` in a sweep; start it with `shoal run`: a listed job is "
            "named after the content of all its tasks, and some are not known before it runs"
        )
    return job, make_plan(job)


def content_hash(job: BoundJob, plan: Plan) -> str:
    """Return the hash of all that the tasks are made of: commands, points, contents of files, package versions.

    A comment in the file or another place of the service changes nothing. Two stacks have different runs even where
    they share an account.
    """
    digest = hashlib.sha256()
    for part in _parts(job, plan):
        digest.update(orjson.dumps(part, default=str, option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()[:RUN_LENGTH]


def _parts(job: BoundJob, plan: Plan) -> Iterator[Any]:
    environment, spec = job.environment, job.job_file.spec
    yield [environment.project, environment.stack, plan.pool.id, asdict(environment.containers)]
    # The id may hold the run's name, which is what this hash becomes.
    yield spec.job.model_dump(mode="json", exclude={"id"})
    yield [[stage.name, stage.on_failure] for stage in spec.stages]
    yield job_tasks(job)
    yield from all_tasks(job)
