"""The manifest that a submission makes: of a run that begins, or of one that goes on with more or other tasks.

All that can fail is done here, before anything of the run is changed: files are read, the pool, the quotas.
"""

from dataclasses import replace

from shoal.connect import Services
from shoal.jobs.binding.bound_job import BoundJob
from shoal.jobs.run_record import RunRecord
from shoal.jobs.submit.plan import Plan
from shoal.jobs.submit.upload import upload_inputs
from shoal.manifest.forecasting import forecast_to_keep
from shoal.manifest.making import make_manifest, tables
from shoal.manifest.manifest import Manifest
from shoal.manifest.storage import stored_manifest


def beginning_manifest(job: BoundJob, plan: Plan, record: RunRecord, services: Services) -> Manifest:
    """Return the manifest of a run that begins, with its forecast. Uploads the tables of its sweeps."""
    manifest = _made(job, plan, record, services)
    return replace(manifest, forecast=forecast_to_keep(job, plan, services))


def continued_manifest(job: BoundJob, plan: Plan, record: RunRecord, services: Services) -> Manifest:
    """Return the manifest of a run that goes on. The time of its submission and its forecast stay as they are."""
    earlier = stored_manifest(services, record.folder(plan.job_id))
    if earlier is None:
        return beginning_manifest(job, plan, record, services)
    manifest = _made(job, plan, record, services)
    # The same file may be read in another place now, such as where `watch` has restored it.
    git = earlier.git if manifest.file.sha256 == earlier.file.sha256 else manifest.git
    return replace(manifest, submitted=earlier.submitted, forecast=earlier.forecast, git=git)


def _made(job: BoundJob, plan: Plan, record: RunRecord, services: Services) -> Manifest:
    manifest = make_manifest(job, plan, record, services)
    upload_inputs(tables(job).blobs, services)
    return manifest
