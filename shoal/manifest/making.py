"""Makes the manifest of a run from the job that is submitted."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.environment import to_json
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.binding.local_files import LocalFiles
from shoal.jobs.file.file_name import FileName
from shoal.jobs.file.sweep_spec import Sources
from shoal.jobs.run_record import RunRecord
from shoal.jobs.submit.plan import Plan
from shoal.manifest.manifest import JobFileText, Manifest, StageDigest
from shoal.manifest.repository import commit_of
from shoal.manifest.secrets import cleaned, is_secret_name, secret_values, without_secrets

DEPENDENCIES = ("shoal", "jinja2", "azure-batch")
"""Packages whose versions may change how tasks are rendered and submitted."""


def make_manifest(job: BoundJob, plan: Plan, record: RunRecord, services: Services) -> Manifest:
    """Return the manifest of a run with this record."""
    job_file = job.job_file
    values = _parameters(job)
    secrets = {*secret_values(job_file.document.value), *secret_values(values)}
    withheld = [name for name, value in values.items() if is_secret_name(name) and isinstance(value, str) and value]
    return Manifest(
        job_id=record.first_job(plan.job_id),
        run_id=record.run_id,
        run_name=record.run_name,
        submitted=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        file=_text(job_file.document.path, secrets),
        further_files={_name(path, job): _text(path, secrets) for path in job_file.further_files},
        parameters={name: cleaned(value, secrets) for name, value in values.items() if name not in withheld},
        withheld=withheld,
        job_digest=record.job_digest,
        tasks=_digests(record, plan),
        packages={name: asdict(one) for stage in job.stages for name, one in stage.packages.items()},
        inputs=dict(sorted({**_named(plan.files, job), **_named(swept_files(job).blobs, job)}.items())),
        pool={**asdict(plan.pool), "image": _image(services, plan.pool.id)},
        environment=to_json(job.environment),
        versions={"python": platform.python_version(), **{name: version(name) for name in DEPENDENCIES}},
        git=commit_of(job_file.folder.absolute()),
    )


def _digests(record: RunRecord, plan: Plan) -> dict[str, StageDigest]:
    common = {stage.name: f"{stage.common_content.total:016x}" for stage in plan.stages if not stage.is_deferred}
    return {
        name: StageDigest(tasks=one.tasks, digest=f"{one.total:016x}", common_digest=common.get(name))
        for name, one in record.stages.items()
    }


def tables(job: BoundJob) -> LocalFiles:
    """Return the tables that sweeps read; tasks do not, so they are not uploaded with the inputs."""
    files = LocalFiles(job.job_file.folder)
    for stage in job.stages:
        for name in _swept(_sources(stage), "table"):
            if (job.job_file.folder / name).is_file():
                files.blob(name, stage.place("for_each"))
    return files


def swept_files(job: BoundJob) -> LocalFiles:
    """Return the tables, the files that patterns of sweeps match, and those that are parameters."""
    files, folder = tables(job), job.job_file.folder
    for stage in job.stages:
        for pattern in _swept(_sources(stage), "files"):
            for path in folder.glob(pattern):
                if path.is_file() and path not in job.files.blobs:  # those are hashed already
                    files.blob(path.relative_to(folder).as_posix(), stage.place("for_each"))
    for value in _parameters(job).values():
        if isinstance(value, FileName) and (folder / value).is_file():
            files.blob(value, job.job_file.place("parameters"))
    return files


def _sources(stage: BoundStage) -> dict[str, Any]:
    """Return the sweep of a stage without the points that it lists itself."""
    sweep = stage.spec.for_each
    return {} if sweep is None else sweep.model_dump(include=set(Sources.model_fields))


def _swept(content: Any, key: str) -> Iterator[str]:
    """Yield the names of files under a key, at any depth of a sweep."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            if name == key and isinstance(value, str):
                yield value
            elif name == key and isinstance(value, Mapping) and isinstance(value.get("file"), str):
                yield value["file"]
            else:
                yield from _swept(value, key)
    elif isinstance(content, list):
        for item in content:
            yield from _swept(item, key)


def _parameters(job: BoundJob) -> dict[str, Any]:
    declared = job.job_file.document.value.get("parameters") or {}
    return {name: job.job_file.names[name] for name in declared}


def _text(path: Path, secrets: set[str]) -> JobFileText:
    content = path.read_bytes()
    text = content.decode()
    public = without_secrets(text, secrets)
    return JobFileText(name=path.name, sha256=hashlib.sha256(content).hexdigest(), text=public, is_whole=public == text)


def _named(files: Mapping[Path, str], job: BoundJob) -> dict[str, str]:
    """Return the files by the names that the job file has for them."""
    return {_name(path, job): blob for path, blob in files.items()}


def _name(path: Path, job: BoundJob) -> str:
    folder = job.job_file.folder
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _image(services: Services, pool_id: str) -> str:
    """Return the image of the pool's nodes, as `publisher offer sku version`."""
    try:
        pool = services.batch.get_pool(pool_id, select=["id", "virtualMachineConfiguration"])
    except ResourceNotFoundError:
        return ""
    machine = pool.virtual_machine_configuration
    image = machine.image_reference if machine else None
    if image is None:
        return ""
    parts = (image.publisher, image.offer, image.sku, image.version)
    return image.virtual_machine_image_id or " ".join(part for part in parts if part)
