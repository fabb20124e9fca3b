"""Adds the tasks of a run's later stages by its manifest, which has the job file on every machine."""

from pathlib import Path
from tempfile import TemporaryDirectory

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import Submission, submit
from shoal.manifest.restoring import named_as_submitted, restore, restored_job
from shoal.manifest.storage import stored_manifest
from shoal.runs.stored_run import folder_of_run


def add_later_stages(services: Services, job_id: str) -> Submission:
    """Submit the job once more, as its manifest has it.

    Raises BadInput where the manifest does not suffice, or tasks would be others than those that were submitted.
    """
    manifest = stored_manifest(services, folder_of_run(services, job_id))
    if manifest is None:
        raise BadInput("the run has no manifest in storage")
    if manifest.withheld:
        raise BadInput(f"the manifest has no secrets, such as the value of {', '.join(manifest.withheld)}")
    with TemporaryDirectory(prefix="shoal-") as folder:
        path = restore(manifest, services, folder=Path(folder), near=Path.cwd(), job_file=None)
        with named_as_submitted(path):
            job = restored_job(manifest, path, {}, services.environment, manifest.job_id)
            return submit(job, make_plan(job), services)
