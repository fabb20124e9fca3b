"""A job of the sweep template, small, on the suite's service."""

from pathlib import Path

from shoal.connect import Services
from shoal.jobs.binding.bound_job import requested_job
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit

TEMPLATE = Path(__file__).parents[2] / "task_templates" / "sweep.yaml"


def submit_file(services: Services, file: Path, job_id: str, *pairs: str) -> None:
    job = requested_job(file, services.environment, pairs=pairs, parameters=None, job_id=job_id)
    submit(job, make_plan(job), services)


def submit_sweep(services: Services, job_id: str) -> None:
    """Submit ten estimates of areas: five combinations with two seeds each."""
    submit_file(services, TEMPLATE, job_id, "repetitions=2", "draws=200")
