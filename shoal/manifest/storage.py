"""Manifests in the container of outputs, where any machine finds them: `.shoal/manifests/JOB.RUN.json`.

They stand beside the folders of runs, not in them: a folder is what a run's tasks have left.
"""

from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.manifest.manifest import Manifest, from_text, to_text

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.jobs.run_record import RunRecord
    from shoal.jobs.submit.plan import Plan

PREFIX = ".shoal/manifests/"


def leave_manifest(job: "BoundJob", plan: "Plan", record: "RunRecord", services: Services) -> None:
    """Store the manifest of a run that begins, or goes on with another definition; and the tables of its sweeps."""
    # Here, as `fetch` only reads a manifest, and these bring the reader of job files with them.
    from shoal.jobs.submit.upload import upload_inputs
    from shoal.manifest.making import make_manifest, tables

    manifest = make_manifest(job, plan, record, services)
    upload_inputs(tables(job).blobs, services)
    store(services, manifest)


def store(services: Services, manifest: Manifest) -> None:
    blob = _blob(services, f"{manifest.job_id}.{manifest.run_id}")
    blob.upload_blob(to_text(manifest), overwrite=True)


def stored_manifest(services: Services, folder: str) -> Manifest | None:
    """Return the manifest of the run with this folder, or None where there is none."""
    try:
        content = _blob(services, folder).download_blob().readall()
    except ResourceNotFoundError:
        return None
    return from_text(content, f"the manifest of run {folder}")


def delete_manifest(services: Services, folder: str) -> None:
    try:
        _blob(services, folder).delete_blob()
    except ResourceNotFoundError:
        return


def _blob(services: Services, folder: str) -> "BlobClient":
    return services.blobs.get_blob_client(services.environment.containers.outputs, f"{PREFIX}{folder}.json")
