"""A run named after its content, so that the same work is the same job whoever submits it, and when."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson

from shoal.environment import Environment
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import Plan, make_plan
from shoal.jobs.tasks.rendering import Rendering, rendering_for
from shoal.jobs.tasks.tasks import all_tasks

RUN_LENGTH = 12
UNNAMED = "0" * RUN_LENGTH


def planned_without_name(path: Path, given: Mapping[str, Any], environment: Environment) -> tuple[Rendering, Plan]:
    """What would run, whatever it is called and wherever the service is. Raises BadInput for what cannot."""
    anywhere = replace(environment, blob_endpoint="", node_identity=None)
    rendering = rendering_for(read_job_file(path, given=given, run=UNNAMED), anywhere)
    return rendering, make_plan(rendering)


def content_run(rendering: Rendering, plan: Plan) -> str:
    """The hash of everything that the tasks are made of: commands, points, contents of files, versions of packages.

    A comment in the file or another place of the service changes nothing. Two stacks have different runs even where
    they share an account.
    """
    digest = hashlib.sha256()
    for part in _parts(rendering, plan):
        digest.update(orjson.dumps(part, default=str, option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()[:RUN_LENGTH]


def _parts(rendering: Rendering, plan: Plan) -> Iterator[Any]:
    environment, job = rendering.environment, rendering.job_file.spec.job
    yield [environment.project, environment.stack, plan.pool.id, asdict(environment.containers)]
    yield job.model_dump(mode="json", exclude={"id"})
    yield [[stage.name, stage.on_failure] for stage in rendering.job_file.spec.stages]
    yield from all_tasks(rendering)
