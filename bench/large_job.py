"""Measure commands on a large job: `submit` with its memory, `watch` in requests a second, and `why`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from batch import create_job, create_pool
from measurement import Measurement
from process_usage import Usage, run
from raw_requests import post_all, task_collections
from service import ROOT, SHOAL, Service, service

TASKS = 200_000
"""A row of the sweep below has 100 tasks."""
LEAST = 50_000
"""Tasks from which a job is large to `watch`, and more."""
STEP = 10
WATCHED_SECONDS = 60
REPETITIONS = 3
JOB_FILE = """\
job: {id: JOB, pool: spot}
stages:
  - name: work
    for_each: {product: {row: {range: [1, ROWS]}, size: {range: [1, 100]}}}
    command: sleep 3600; echo {{ row }} {{ size }}
"""
COUNTED_WATCH = f"""\
import os, signal, sys
from urllib3.connectionpool import HTTPConnectionPool
send, count = HTTPConnectionPool.urlopen, 0
def counted(*arguments, **named):
    global count
    count += 1
    return send(*arguments, **named)
def end(*_):
    os.write(2, f'requests: {{count}}'.encode())
    os._exit(0)
HTTPConnectionPool.urlopen = counted
signal.signal(signal.SIGALRM, end)
signal.alarm({WATCHED_SECONDS})
from shoal.cli import main
sys.argv = ["shoal", "watch", sys.argv[1], "-s", "local"]
main()
"""


def measure(scale: float) -> Iterator[Measurement]:
    count = max(LEAST, round(TASKS * scale) // 1_000 * 1_000)
    with service() as batch:
        batch.shoal("up", "-s", "local", "-y")
        small, large = _submit(batch, "small", count // STEP), _submit(batch, "large", count)
        theirs = _raw(batch, "large")
        yield Measurement(
            name="submit tasks",
            value=count / large.seconds,
            unit="tasks/s",
            peer="raw requests",
            peer_value=theirs,
        )
        yield Measurement(
            name="submit, memory",
            value=large.memory_mb,
            unit="MB",
            peer="a tenth of the tasks",
            peer_value=small.memory_mb,
        )
        yield Measurement(name="watch a large job", value=_watch(batch, "large"), unit="requests/s")
        seconds = [run([str(SHOAL), "why", "large", "-s", "local"], batch.environment()) for _ in range(REPETITIONS)]
        yield Measurement(name="why, large job", value=median(each.seconds for each in seconds), unit="s")


def _submit(batch: Service, job: str, count: int) -> Usage:
    job_file = _job_file(batch, job)
    job_file.write_text(JOB_FILE.replace("JOB", job).replace("ROWS", str(count // 100)))
    return run([str(SHOAL), "-C", str(ROOT), "submit", str(job_file), "-s", "local"], batch.environment())


def _job_file(batch: Service, job: str) -> Path:
    return Path(batch.state) / f"{job}.yaml"


def _raw(batch: Service, job: str) -> float:
    """Return tasks a second of requests with the same tasks, made before the clock starts, over as many connections."""
    tasks = _rendered(batch, job)
    with batch.client() as client:
        raw_job = create_job(client, "raw", pool=create_pool(client, nodes=0, slots=1))
        requests = task_collections(batch, raw_job, tasks)
        began = time.perf_counter()
        accepted = post_all(batch, requests, connections=4)
        seconds = time.perf_counter() - began
    if accepted != len(tasks):
        raise RuntimeError(f"{accepted} of {len(tasks)} tasks were accepted")
    return len(tasks) / seconds


def _rendered(batch: Service, job: str) -> list[dict[str, Any]]:
    command = [str(SHOAL), "-C", str(ROOT), "render", str(_job_file(batch, job)), "-s", "local"]
    answer = subprocess.run(command, env=batch.environment(), capture_output=True, check=True)
    return [orjson.loads(line) for line in answer.stdout.splitlines()]


def _watch(batch: Service, job: str) -> float:
    """Return the requests a second that the command sends in a minute, those of its start included."""
    command = [sys.executable, "-c", COUNTED_WATCH, job]
    answer = subprocess.run(
        command, cwd=ROOT, env=batch.environment(), capture_output=True, text=True, check=True, timeout=120
    )
    return int(answer.stderr.rpartition("requests: ")[2]) / WATCHED_SECONDS
