"""Measure how many tasks per second are accepted into durable state, by bare requests and by Azure's own client."""

import time
from collections.abc import Iterator

from azure.batch import models
from batch import create_job, create_pool
from measurement import Measurement
from raw_requests import post_all, short_tasks, task_collections
from service import service

TASKS = 100_000
CLIENT_TASKS = 20_000
CONNECTIONS = 4


def measure(scale: float) -> Iterator[Measurement]:
    with service() as batch, batch.client() as client:
        pool = create_pool(client, nodes=0, slots=1)
        count = max(100, int(TASKS * scale))
        requests = task_collections(batch, create_job(client, "bare", pool=pool), short_tasks("true", count=count))
        began = time.perf_counter()
        accepted = post_all(batch, requests, connections=CONNECTIONS)
        seconds = time.perf_counter() - began
        if accepted != count:
            raise RuntimeError(f"{accepted} of {count} tasks were accepted")
        yield Measurement(name="accept tasks", value=count / seconds, unit="tasks/s")

        count = max(100, int(CLIENT_TASKS * scale))
        job = create_job(client, "client", pool=pool)
        began = time.perf_counter()
        tasks = [models.BatchTaskCreateOptions(id=f"task-{n:07}", command_line="true") for n in range(count)]
        client.create_tasks(job, tasks, max_concurrency=CONNECTIONS)
        seconds = time.perf_counter() - began
        yield Measurement(name="accept tasks from azure-batch", value=count / seconds, unit="tasks/s")
