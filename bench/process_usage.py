"""Processor time and memory of processes, from `/proc` and from what a process leaves."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    seconds: float
    """By the clock on the wall."""
    memory_mb: float
    """The most that the process had in memory at once."""


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a running process so far, without that of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def run(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end. Raises CalledProcessError where it fails."""
    began, memory_kb = time.perf_counter(), 0
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            memory_kb = max(memory_kb, _most_memory_kb(process.pid))
            time.sleep(0.02)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(seconds=time.perf_counter() - began, memory_mb=memory_kb / 1024)


def _most_memory_kb(pid: int) -> int:
    """Return the most memory so far. Not `ru_maxrss`: it counts that of the process from which this one was forked."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
