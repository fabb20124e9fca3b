"""Other programs that run many commands, as many at a time as the measured pool has slots.

GNU parallel and xargs are those of the machine. HyperQueue comes from its registry, into a Python of its own, with
`make bench-peers`.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from service import ROOT

ENVIRONMENT = {**os.environ, "LANG": "C.UTF-8"}
"""As tasks have it: a command that has to load a language takes longer."""
PEERS_PYTHON = ROOT / "build" / "peers" / "bin" / "python"
HYPERQUEUE = """\
import os, sys, time
from hyperqueue import Job
from hyperqueue.cluster import LocalCluster, WorkerConfig
count, width = int(sys.argv[1]), int(sys.argv[2])
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=width))
    client, job = cluster.client(), Job()
    for number in range(count):
        job.program(["true"], stdout=f"out/{number}", stderr=f"err/{number}")
    began = time.perf_counter()
    client.wait_for_jobs([client.submit(job)])
    print("seconds:", time.perf_counter() - began, flush=True)
os._exit(0)
"""


class NotInstalled(Exception):
    """A peer that this machine does not have."""


def tasks_per_second(peer: str, folder: Path, *, count: int, width: int) -> float:
    """Run `true` so many times. Raises NotInstalled where the peer is not installed."""
    if peer == "HyperQueue":
        return _hyperqueue(folder, count, width)
    command = _commands(folder, width)[peer]
    if shutil.which(command[0]) is None:
        raise NotInstalled(f"`{command[0]}` is not installed")
    lines = "".join(f"{number}\n" for number in range(count))
    began = time.perf_counter()
    subprocess.run(command, input=lines, text=True, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    return count / (time.perf_counter() - began)


def _commands(folder: Path, width: int) -> Mapping[str, Sequence[str]]:
    """GNU parallel keeps the output and the times of each command, as Batch does."""
    log, results = str(folder / "log"), str(folder / "results")
    return {
        "GNU parallel": ["parallel", "--will-cite", "-j", str(width), "--joblog", log, "--results", results, "true"],
        "xargs -P": ["xargs", "-P", str(width), "-n", "1", "true"],
    }


def _hyperqueue(folder: Path, count: int, width: int) -> float:
    """HyperQueue keeps the output of each command, too. Its start and its reading of the job are not counted."""
    if not PEERS_PYTHON.exists() or not any(PEERS_PYTHON.parents[1].glob("lib/*/site-packages/hyperqueue")):
        raise NotInstalled("it is not installed; `make bench-peers` fetches it")
    command = [str(PEERS_PYTHON), "-c", HYPERQUEUE, str(count), str(width)]
    answer = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=600
    )
    return count / float(answer.stdout.rpartition("seconds:")[2].split()[0])
