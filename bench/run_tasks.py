"""Measure how many `true` tasks run per second, from first start to last end, beside local tools that run commands."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from batch import create_job, create_pool
from measurement import Measurement
from raw_requests import post_all, task_collections
from service import service

TASKS = 10_000
NODES, SLOTS = 2, 4


def measure(scale: float) -> Iterator[Measurement]:
    count = max(100, int(TASKS * scale))
    ours = tasks_per_second(count)
    yield Measurement(name="run true tasks", value=ours, unit="tasks/s")
    with TemporaryDirectory(prefix="shoal-bench-") as directory:
        for peer, command in peers(Path(directory)).items():
            if shutil.which(command[0]) is None:
                sys.stderr.write(f"skipped {peer}: {command[0]} is not installed\n")
                continue
            theirs = commands_per_second(command, count)
            yield Measurement(name=f"run true tasks / {peer}", value=ours, unit="tasks/s", peer=peer, peer_value=theirs)


def tasks_per_second(count: int) -> float:
    with service() as batch, batch.client() as client:
        job = create_job(client, "true", pool=create_pool(client, nodes=NODES, slots=SLOTS))
        post_all(batch, task_collections(batch, job, "true", count=count), connections=2)
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


def peers(directory: Path) -> dict[str, Sequence[str]]:
    """Return the commands of the peers, which run as many commands at a time as the pool has slots.

    GNU parallel keeps the output and the times of each command, as Batch does.
    """
    width = str(NODES * SLOTS)
    log, results = str(directory / "log"), str(directory / "results")
    return {
        "GNU parallel": ["parallel", "--will-cite", "-j", width, "--joblog", log, "--results", results, "true"],
        "xargs -P": ["xargs", "-P", width, "-n", "1", "true"],
    }


def commands_per_second(command: Sequence[str], count: int) -> float:
    lines = "".join(f"{number}\n" for number in range(count))
    began = time.perf_counter()
    subprocess.run(command, input=lines, text=True, stdout=subprocess.DEVNULL, check=True)
    return count / (time.perf_counter() - began)
