"""Put the forecast of a job beside the run that follows it, on fixed nodes and on a pool with a formula."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.batch import BatchClient, models
from batch import MACHINE, create_pool
from measurement import Measurement
from stack import SLOTS, services

from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.connect import Services
from shoal.forecast.prices import APPROXIMATE
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.preflight.job_forecast import TaskDurations, expected_durations, job_forecast, measured_durations
from shoal.jobs.preflight.preflight import preflight
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.runs.probe import probe

NODES = 2
INTERVAL = timedelta(seconds=5)
JOB = """\
job: {{pool: bench, id: {job_id}}}
stages:
  - name: work
    for_each: {{product: {{n: {{range: [1, {tasks}]}}}}}}
    command: sleep 2; echo {{{{ n }}}} > out.txt
    outputs: [{{pattern: out.txt}}]
    expected_time: 2s
  - name: merge
    after: work
    inputs: [{{stage: work}}]
    command: sleep 1; cat {{{{ job }}}}/work/*/out.txt > all.txt
    expected_time: 1s
"""


def measure(scale: float) -> Iterator[Measurement]:
    tasks = max(16, round(80 * scale))
    with services() as batch, TemporaryDirectory(prefix="shoal-bench-") as folder:
        create_pool(batch.batch, nodes=NODES, slots=SLOTS)
        job = _job(batch, Path(folder), "fixed", tasks)
        yield _beside_run("forecast, fixed nodes", job, batch, expected_durations(job, {}))
        job = _job(batch, Path(folder), "probed", tasks)
        yield _beside_run("forecast, by a probe", job, batch, measured_durations(probe(job, batch, 8), "measured"))
    with services() as batch, TemporaryDirectory(prefix="shoal-bench-") as folder:
        _create_scaled_pool(batch.batch)
        job = _job(batch, Path(folder), "scaled", tasks)
        yield _beside_run("forecast, formula", job, batch, expected_durations(job, {}))


def _beside_run(name: str, job: BoundJob, batch: Services, durations: TaskDurations) -> Measurement:
    checked = preflight(job, batch, refuse_other_run=lambda *_: None)
    if checked.plan is None:
        raise RuntimeError(f"the job has problems: {checked.problems}")
    result = job_forecast(job, checked.plan, checked.facts, durations, APPROXIMATE, None)
    if result.forecast is None:
        raise RuntimeError(result.source)
    submit(job, make_plan(job), batch)
    taken = _seconds_taken(batch.batch, job.job_file.job_id)
    return Measurement(
        name=name, value=result.forecast.makespan_seconds, unit="s", peer="the run that followed", peer_value=taken
    )


def _seconds_taken(client: BatchClient, job_id: str) -> float:
    """Return the seconds from the first task's creation to the last one's end."""
    deadline = time.monotonic() + 600
    while client.get_job(job_id).state != models.BatchJobState.COMPLETED:
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job_id} was not done after ten minutes")
        time.sleep(0.2)
    tasks = list(client.list_tasks(job_id, select=["id", "creationTime", "executionInfo"]))
    begun = min(task.creation_time for task in tasks if task.creation_time)
    return (
        max(task.execution_info.end_time for task in tasks if task.execution_info and task.execution_info.end_time)
        - begun
    ).total_seconds()


def _job(batch: Services, folder: Path, job_id: str, tasks: int) -> BoundJob:
    path = folder / f"{job_id}.yaml"
    path.write_text(JOB.format(job_id=job_id, tasks=tasks))
    return bind(read_job_file(path, given={}, run="bench"), batch.environment)


def _create_scaled_pool(client: BatchClient) -> None:
    pool = models.BatchPoolCreateOptions(id="bench", vm_size="standard_d2s_v3", virtual_machine_configuration=MACHINE)
    pool.task_slots_per_node, pool.enable_auto_scale = SLOTS, True
    pool.auto_scale_formula = formula(PendingTasks(max_spot_nodes=NODES))
    pool.auto_scale_evaluation_interval = INTERVAL
    client.create_pool(pool)
