"""Measure the time of a deployment without changes, with each engine."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measurement import Measurement
from service import ROOT, SHOAL, Service, service

PROGRAM = ("Pulumi.yaml", "Pulumi.local.yaml", "__main__.py", "examples/var/app")
BUILT = ROOT / "build" / "bin"
REPETITIONS = 5


def measure(_scale: float) -> Iterator[Measurement]:
    yield Measurement(name="no-change up, embedded engine", value=_embedded(), unit="s")
    path = f"{os.environ['PATH']}{os.pathsep}{BUILT}"
    if shutil.which("pulumi", path=path):
        ours, plain = _pulumi(path)
        yield Measurement(
            name="no-change up, Pulumi's engine", value=ours, unit="s", peer="pulumi up", peer_value=plain
        )


def _embedded() -> float:
    with _project() as directory, service() as running:
        command = [str(SHOAL), "up", "-y", "--engine", "embedded"]
        return _unchanged(lambda: _run(command, Path(directory), running.environment()))


def _pulumi(path: str) -> tuple[float, float]:
    """Return the seconds of `shoal up` with Pulumi's engine, and of plain `pulumi up`."""
    with _project() as directory, service() as running:
        variables = {**running.environment(), "PATH": path}
        ours = [str(SHOAL), "up", "-y", "--engine", "pulumi"]
        plain = ["pulumi", "up", "-y", "--skip-preview", "--non-interactive", "-s", "local"]
        by_shoal = _unchanged(lambda: _run(ours, Path(directory), variables))
        return by_shoal, _unchanged(lambda: _run(plain, Path(directory), _local(running, variables)))


def _project() -> "TemporaryDirectory[str]":
    """Copy the repository's program: Pulumi writes files beside it."""
    directory = TemporaryDirectory(prefix="shoal-bench-")
    for name in PROGRAM:
        target = Path(directory.name) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    return directory


def _local(running: Service, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the exports of `shoal local env`."""
    printed = subprocess.run(
        ["sh", "-c", f'eval "$({SHOAL} local env)" && exec env -0'], env=variables, capture_output=True, check=True
    ).stdout.decode()
    return dict(line.split("=", 1) for line in printed.split("\0") if line)


def _unchanged(up: Callable[[], None]) -> float:
    up()  # the first deployment creates everything
    return median(_seconds(up) for _ in range(REPETITIONS))


def _run(command: list[str], directory: Path, variables: Mapping[str, str]) -> None:
    subprocess.run(command, cwd=directory, env=variables, capture_output=True, check=True)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
