"""Manifests in the container of outputs, where any machine finds them: `.shoal/manifests/JOB.RUN.json`.

They stand beside the folders of runs, not in them: a folder is what a run's tasks have left.

The manifest of a schedule, which all its jobs begin with, stands beside their stored tasks instead: it does not expire
there. A job gets one of its own when its results are fetched.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.jobs.run_folder import run_folder, schedule_folder, schedule_of
from shoal.manifest.manifest import Manifest, from_text, to_text

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

PREFIX = ".shoal/manifests/"


def store(services: Services, manifest: Manifest) -> None:
    blob = _blob(services, run_folder(manifest.job_id, manifest.run_id))
    blob.upload_blob(to_text(manifest), overwrite=True)


def store_of_schedule(services: Services, manifest: Manifest) -> None:
    _blob_of_schedule(services, manifest.job_id, manifest.run_id).upload_blob(to_text(manifest), overwrite=True)


def stored_manifest(services: Services, folder: str) -> Manifest | None:
    """Return the manifest of the run with this folder, or None where there is none."""
    manifest = _read(_blob(services, folder), folder)
    job_id, _, run_id = folder.partition(".")
    if manifest is not None or (schedule := schedule_of(job_id)) is None:
        return manifest
    common = _read(_blob_of_schedule(services, schedule, run_id), folder)
    return None if common is None else replace(common, job_id=job_id)


def delete_manifest(services: Services, folder: str) -> None:
    try:
        _blob(services, folder).delete_blob()
    except ResourceNotFoundError:
        return


def _read(blob: "BlobClient", folder: str) -> Manifest | None:
    try:
        return from_text(blob.download_blob().readall(), f"the manifest of run {folder}")
    except ResourceNotFoundError:
        return None


def _blob_of_schedule(services: Services, schedule_id: str, run_id: str) -> "BlobClient":
    name = f"{schedule_folder(schedule_id, run_id)}.json"
    return services.blobs.get_blob_client(services.environment.containers.inputs, name)


def _blob(services: Services, folder: str) -> "BlobClient":
    return services.blobs.get_blob_client(services.environment.containers.outputs, f"{PREFIX}{folder}.json")
