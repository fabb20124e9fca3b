"""Measure how the service's processor time grows with jobs, tasks, dependencies and nodes, in steps of ten.

The exponent is the logarithm of the growth in one step of ten: 0 for a cost that does not grow, 1 for a linear one.
The worst step counts.
"""

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

from azure.batch import BatchClient, models
from batch import create_job, create_pool
from measurement import Measurement
from process_usage import cpu_seconds
from raw_requests import post_all, short_tasks, task_collections
from service import Service, service

LEAST_SECONDS = 0.02
"""Processor time is counted in hundredths of a second; less than two of them tell nothing."""
RUN_TASKS = 400
SIMULATION = "{speed: 60x, boot: 10s, duration: 1s}"
"""Hundreds of real nodes would be as many processes."""


def measure(scale: float) -> Iterator[Measurement]:
    for name, steps, cost in (
        ("tasks", (2_000, 20_000, 200_000), _accepting),
        ("empty jobs", (9, 90, 900), _running_beside_jobs),  # an account may have a thousand
        ("dependencies", (10, 100, 1_000), _depending),
        ("nodes", (10, 100, 1_000), _running_on_nodes),
    ):
        sizes = steps if scale >= 1 else steps[:2]
        costs = [max(LEAST_SECONDS, cost(size)) for size in sizes]
        yield Measurement(
            name=f"growth with {name}",
            value=_exponent(sizes, costs),
            unit="exponent",
            spread=(costs[0], costs[-1]),
        )


def _exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Return the exponent of the worst step, never below zero."""
    growths = (math.log(cost / less) for less, cost in pairwise(costs))
    steps = (math.log(size / smaller) for smaller, size in pairwise(sizes))
    return max(0.0, *(growth / step for growth, step in zip(growths, steps, strict=True)))


def _accepting(tasks: int) -> float:
    with service() as batch, batch.client() as client:
        job = create_job(client, "growth", pool=create_pool(client, nodes=0, slots=1))
        requests = task_collections(batch, job, short_tasks("true", count=tasks))
        before = cpu_seconds(batch.status.pid)
        post_all(batch, requests, connections=2)
        return cpu_seconds(batch.status.pid) - before


def _running_beside_jobs(jobs: int) -> float:
    with service() as batch, batch.client() as client:
        pool = create_pool(client, nodes=2, slots=4)
        for number in range(jobs):
            create_job(client, f"empty-{number}", pool=pool)
        return _running(batch, client, pool)


def _running_on_nodes(nodes: int) -> float:
    with service() as batch, batch.client() as client:
        return _running(batch, client, create_pool(client, nodes=nodes, slots=4, simulation=SIMULATION))


def _running(batch: Service, client: BatchClient, pool: str) -> float:
    job = create_job(client, "growth", pool=pool)
    before = cpu_seconds(batch.status.pid)
    post_all(batch, task_collections(batch, job, short_tasks("true", count=RUN_TASKS)), connections=2)
    deadline = time.monotonic() + 120
    while (counts := client.get_job_task_counts(job).task_counts).completed < RUN_TASKS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{counts.completed} of {RUN_TASKS} tasks ran in two minutes")
        time.sleep(0.1)
    return cpu_seconds(batch.status.pid) - before


def _depending(tasks: int) -> float:
    """Return the cost of as many tasks that each depend on a range of as many."""
    with service() as batch, batch.client() as client:
        job = models.BatchJobCreateOptions(id="growth", pool_info=models.BatchPoolInfo(pool_id="bench"))
        job.uses_task_dependencies = True
        create_pool(client, nodes=0, slots=1)
        client.create_job(job)
        first = [models.BatchTaskCreateOptions(id=str(n), command_line="true") for n in range(1, tasks + 1)]
        ranges = [models.BatchTaskIdRange(start=1, end=tasks)]
        then = [
            models.BatchTaskCreateOptions(
                id=f"after-{n}",
                command_line="true",
                depends_on=models.BatchTaskDependencies(task_id_ranges=ranges),
            )
            for n in range(tasks)
        ]
        before = cpu_seconds(batch.status.pid)
        client.create_tasks("growth", [*first, *then])
        return cpu_seconds(batch.status.pid) - before
