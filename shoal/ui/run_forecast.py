"""The forecast that a job's run was submitted with, from the run's manifest."""

from dataclasses import dataclass

from azure.core.exceptions import AzureError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.run_record import from_metadata
from shoal.manifest.kept_forecast import KeptForecast
from shoal.manifest.storage import stored_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForecast:
    kept: KeptForecast | None = None
    problem: str = ""
    """The reason why none is known."""


def read_forecast(services: Services, job_id: str) -> RunForecast:
    record = from_metadata(services.batch.get_job(job_id, select=["id", "metadata"]).metadata)
    if record is None:
        return RunForecast(problem="another client made this job")
    if record.continuation is not None:
        return RunForecast(problem=f"the job goes on with the run of {record.continuation.first_job}")
    try:
        manifest = stored_manifest(services, record.folder(job_id))
    except (AzureError, BadInput) as exc:
        return RunForecast(problem=f"the run's manifest cannot be read: {exc}")
    if manifest is None:
        return RunForecast(problem="the run's manifest is gone")
    if manifest.forecast is None:
        return RunForecast(problem="an early version of shoal submitted it")
    return RunForecast(kept=manifest.forecast, problem="" if manifest.forecast.expected else manifest.forecast.source)
