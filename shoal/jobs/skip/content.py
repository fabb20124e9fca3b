"""The content of tasks: a digest of everything that makes their outputs, whatever the job and the run.

Most of it is the task as Batch gets it: command, shell, environment, packages, inputs, outputs. Local files are there
by the hash of their content. Blobs count with their ETags, earlier tasks with their own digests. Limits, slots and exit
conditions do not change what a successful task writes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import orjson

from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.skip.eligibility import is_listable
from shoal.jobs.skip.input_blobs import BlobVersions
from shoal.jobs.tasks.task_bodies import TaskBody, stage_tasks

ANY_JOB = "JOB"
"""Stands for the job's id, with which the folders of inputs and outputs begin."""
_WITHOUT_EFFECT = frozenset({"requiredSlots", "constraints", "exitConditions", "dependsOn", "resourceFiles"})
_FORMAT = 1
"""Changes when digests are made in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContent:
    id: str
    parents: Sequence[str]
    """Tasks and barriers that it waits for."""
    digest: str | None
    """None where the content is not known, so that the task is never skipped."""
    patterns: Sequence[str] = ()
    """Patterns of the files that its success leaves."""

    @property
    def is_barrier(self) -> bool:
        return is_barrier(self.id)


def anywhere(job: BoundJob) -> BoundJob:
    """Return the job under a common id. Its name as templates see it stays."""
    return replace(job, job_file=replace(job.job_file, job_id=ANY_JOB))


def stage_contents(
    stage: BoundStage, earlier: Mapping[str, TaskContent], versions: BlobVersions, software: str
) -> dict[str, TaskContent]:
    """Return the content of a stage's tasks and barriers.

    The stage is one of a job that `anywhere` made; `software` is what its pool's nodes have installed.
    """
    common = [_FORMAT, software, stage.job.job_file.spec.job.environment, stage.name]
    own: dict[str, TaskContent] = {}
    for body in stage_tasks(stage):
        parents = body.get("dependsOn", {}).get("taskIds") or ()
        digests = [(own.get(parent) or earlier.get(parent)) for parent in parents]
        before = [content.digest if content else None for content in digests]
        inputs = list(_inputs(body, stage.job, versions))
        patterns = _patterns(body, stage.job)
        is_known = None not in before and None not in inputs and all(map(is_listable, patterns))
        parts = [common, _effective(body), inputs, sorted(filter(None, before))]
        own[body["id"]] = TaskContent(
            id=body["id"],
            parents=parents,
            digest=_digest(parts, stage.job.environment.blob_endpoint) if is_known else None,
            patterns=patterns,
        )
    return own


def stage_digest(contents: Mapping[str, TaskContent]) -> str:
    """Return a digest of all tasks of a stage."""
    return _digest([[content.id, content.digest] for content in contents.values()], "")


def unknown(contents: Mapping[str, TaskContent]) -> dict[str, TaskContent]:
    return {task: replace(content, digest=None) for task, content in contents.items()}


def _effective(body: TaskBody) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _WITHOUT_EFFECT}


def _inputs(body: TaskBody, job: BoundJob, versions: BlobVersions) -> Iterator[Any]:
    """Yield each input with what identifies its content; None for one that is not known."""
    local, containers = job.files.sizes, job.environment.containers
    for file in body.get("resourceFiles") or ():
        place = _place(file.get("httpUrl") or file["storageContainerUrl"], job.environment.blob_endpoint)
        if place is None:
            yield None
            continue
        container, blob = place
        name = blob or file["blobPrefix"]
        if container == containers.outputs and name.startswith(f"{job.folder}/"):
            yield [file]  # written by tasks that it waits for, whose digests count
        elif container == containers.inputs and blob in local:
            yield [file]  # the name holds the hash
        else:
            found = versions.of_blob(container, blob) if blob else versions.below(container, name)
            yield None if found is None else [file, found]


def _place(address: str, endpoint: str) -> tuple[str, str] | None:
    """Return container and blob of an address in the stack's storage; the container itself has no blob's name."""
    path, _, _ = address.partition("?")
    match = re.fullmatch(re.escape(endpoint) + "/([^/]+)/?(.*)", path)
    return None if match is None else (match[1], unquote(match[2]))


def _patterns(body: TaskBody, job: BoundJob) -> list[str]:
    folder = f"{job.folder}/"
    outputs = f"{job.environment.blob_endpoint}/{job.environment.containers.outputs}"
    return [
        file["filePattern"]
        for file in body.get("outputFiles") or ()
        if file["destination"]["container"]["containerUrl"].partition("?")[0] == outputs
        and file["destination"]["container"]["path"].startswith(folder)
        and file["uploadOptions"]["uploadCondition"] != "taskfailure"
    ]


def _digest(parts: Any, endpoint: str) -> str:
    body = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS, default=str)
    return blake2b(body.replace(endpoint.encode(), b"") if endpoint else body, digest_size=20).hexdigest()
