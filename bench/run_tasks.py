"""Measure how many `true` tasks run per second, from first start to last end, beside local tools that run commands."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import peers
from batch import create_job, create_pool
from measurement import LeftOut, Measurement
from places import MEMORY, files_in
from raw_requests import post_all, short_tasks, task_collections
from service import service

TASKS = 10_000
NODES, SLOTS = 2, 4
PEERS = ("GNU parallel", "xargs -P", "HyperQueue")


def measure(scale: float) -> Iterator[Measurement | LeftOut]:
    count = max(100, int(TASKS * scale))
    yield from _beside_peers("run true tasks", count)
    if MEMORY.is_dir():
        with files_in(MEMORY):
            yield from _beside_peers("run true tasks, in memory", count)


def _beside_peers(name: str, count: int) -> Iterator[Measurement | LeftOut]:
    ours = tasks_per_second(count)
    yield Measurement(name=name, value=ours, unit="tasks/s")
    for peer in PEERS:
        with TemporaryDirectory(prefix="shoal-bench-") as directory:
            try:
                theirs = peers.tasks_per_second(peer, Path(directory), count=count, width=NODES * SLOTS)
            except peers.NotInstalled as exc:
                yield LeftOut(name=f"{name} / {peer}", reason=str(exc))
                continue
        yield Measurement(name=f"{name} / {peer}", value=ours, unit="tasks/s", peer=peer, peer_value=theirs)


def tasks_per_second(count: int) -> float:
    with service() as batch, batch.client() as client:
        job = create_job(client, "true", pool=create_pool(client, nodes=NODES, slots=SLOTS))
        post_all(batch, task_collections(batch, job, short_tasks("true", count=count)), connections=2)
        deadline = time.monotonic() + 600
        while (counts := client.get_job_task_counts(job).task_counts).completed < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{counts.completed} of {count} tasks ran in ten minutes")
            time.sleep(0.1)
        runs = [task.execution_info for task in client.list_tasks(job, select=["id", "executionInfo"])]
        times = [
            (run.start_time, run.end_time, run.exit_code) for run in runs if run and run.start_time and run.end_time
        ]
        if [code for _, _, code in times] != [0] * count:
            raise RuntimeError(f"not all of the {count} tasks ran and ended with 0")
        return count / (max(end for _, end, _ in times) - min(start for start, _, _ in times)).total_seconds()
