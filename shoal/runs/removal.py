"""Delete a job, and if so chosen the outputs and logs of its run."""

from contextlib import suppress
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.manifest.storage import delete_manifest
from shoal.runs.cancel import POLL_SECONDS
from shoal.runs.retry.jobs_of_run import other_jobs
from shoal.runs.stored_files import StoredFiles, delete_stored_files, stored_files
from shoal.runs.stored_run import folder_in_batch, folder_of_run, folders_left
from shoal.runs.unknown_ids import unknown_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The job and the stored files that `rm` is about to delete, or leave."""

    job_id: str
    job: bool
    """True if the job is deleted from Batch."""
    outputs: bool
    """True if the stored files are deleted as well."""
    stored: StoredFiles
    """The files that its run has left."""
    earlier: tuple[str, ...]
    """Folders that earlier runs of the job have left."""

    @property
    def subject(self) -> str:
        job = [f"job {self.job_id}"] if self.job else []
        files = [self.stored.summary] if self.outputs else []
        return " and ".join(job + files)

    @property
    def question(self) -> str:
        return f"Delete {self.subject}?"

    @property
    def rest(self) -> str:
        """A sentence about what is left, or was deleted."""
        if self.outputs:
            sentence = f"deleted {self.stored.summary}"
        elif self.stored.files:
            run = self.stored.folder.partition(".")[2]
            which = f" --run {run}" if run and self.earlier else ""
            again = f"`shoal rm {self.job_id} --outputs{which}` deletes them"
            sentence = f"{self.stored.summary} stay in storage; {again}"
        else:
            sentence = "it has left no outputs or logs in storage"
        return sentence + (f"; earlier runs have left {', '.join(self.earlier)}" if self.earlier else "")


def find_removal(services: Services, job_id: str, run_id: str | None, *, outputs: bool) -> Removal:
    """Raises BadInput where there is nothing to delete, and for outputs that another job of the run has, too."""
    current = folder_in_batch(services, job_id)
    if current is None and not outputs:
        left = folders_left(services, job_id)
        if not left:
            raise unknown_job(services.batch, job_id)
        again = f"`shoal rm {job_id} --outputs` deletes them"
        raise BadInput(f"there is no job '{job_id}', and has left {', '.join(left)}; {again}")
    folder = folder_of_run(services, job_id, run_id)
    if outputs and (others := other_jobs(services.batch, folder, job_id)):
        raise BadInput(
            f"the outputs in {folder}/ belong to {', '.join(others)} as well, of the same run; first "
            f"`shoal rm {others[-1]}`, or delete {job_id} without --outputs"
        )
    return Removal(
        job_id=job_id,
        job=current is not None and folder == current,
        outputs=outputs,
        stored=stored_files(services, folder),
        earlier=tuple(other for other in folders_left(services, job_id) if other not in (folder, current)),
    )


def remove(services: Services, removal: Removal) -> None:
    """Delete the job first: its tasks write no more then. Return when all is done."""
    if removal.job:
        with suppress(ResourceNotFoundError):  # deleted by somebody else meanwhile
            services.batch.begin_delete_job(removal.job_id, polling_interval=POLL_SECONDS).wait()
    if removal.outputs:
        delete_stored_files(services, removal.stored.folder)
        delete_manifest(services, removal.stored.folder)
