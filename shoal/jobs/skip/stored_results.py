"""Results of earlier runs, read from storage by few requests: lists of results and of outputs, and each result once."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b

from azure.core.exceptions import ResourceNotFoundError

from shoal.blob_requests import Blob, BlobRequests
from shoal.connect import Services
from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.skip.content import TaskContent
from shoal.jobs.skip.mixed_stages import is_mixed
from shoal.jobs.skip.result import RESULTS, Result, files_of, parsed

IN_FLIGHT = 8
MAX_BYTES = 1 << 24
"""Size of a result that is still read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A result whose files are all there."""

    result: Result
    files: Mapping[str, Blob]
    """Its blobs by their names below the task's folder."""


def results_folder(stage: BoundStage) -> str:
    """Return the folder of a stage's results. Its name holds the command, so that each list stays short."""
    command = blake2b(repr(stage.spec.command).encode(), digest_size=6).hexdigest()
    return f"{RESULTS}/{stage.name}-{command}"


def result_blob(stage: BoundStage, digest: str) -> str:
    return f"{results_folder(stage)}/{digest}"


def stored_results(
    stage: BoundStage, contents: Iterable[TaskContent], services: Services, *, without: str | None
) -> dict[str, StoredResult]:
    """Return the results of a stage's tasks, by their ids. Results in the folder `without` do not count."""
    outputs = _outputs(services)
    kept = {blob.name for blob in outputs.listed(f"{results_folder(stage)}/") if blob.size <= MAX_BYTES}
    tasks = {content.id: result_blob(stage, content.digest) for content in contents if content.digest}
    tasks = {task: blob for task, blob in tasks.items() if blob in kept}
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        results = zip(tasks, threads.map(lambda blob: _read(services, blob), tasks.values()), strict=True)
        found = {task: result for task, result in results if result is not None and result.folder != without}
    folders = {result.folder for result in found.values()}
    folders = {folder for folder in folders if not is_mixed(outputs, folder, stage.name)}
    blobs = {folder: _by_task(outputs, f"{folder}/{stage.name}/") for folder in folders}
    return {
        task: StoredResult(result=result, files=files)
        for task, result in found.items()
        if (files := _files(result, blobs.get(result.folder, {}).get(task, {}))) is not None
    }


def _files(result: Result, stored: Mapping[str, Blob]) -> dict[str, Blob] | None:
    chosen = files_of(result, stored)
    return None if chosen is None else {name: blob for name, blob in stored.items() if blob in chosen}


def _read(services: Services, blob: str) -> Result | None:
    container = services.blobs.get_container_client(services.environment.containers.outputs)
    try:
        return parsed(container.download_blob(blob).readall().decode())
    except (ResourceNotFoundError, UnicodeDecodeError):
        return None


def _by_task(outputs: BlobRequests, prefix: str) -> dict[str, dict[str, Blob]]:
    tasks: dict[str, dict[str, Blob]] = {}
    for blob in outputs.listed(prefix):
        task, _, name = blob.name.removeprefix(prefix).partition("/")
        tasks.setdefault(task, {})[name] = blob
    return tasks


def _outputs(services: Services) -> BlobRequests:
    return services.blob_requests(services.environment.containers.outputs, IN_FLIGHT)
