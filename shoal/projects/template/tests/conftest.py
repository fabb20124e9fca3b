"""An embedded Batch service of the tests' own, with the project deployed to it as the stack `local`."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shoal(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """The command: it returns what it printed, and must succeed."""
    service = {"SHOAL_STATE": str(tmp_path_factory.mktemp("service")), "SHOAL_ENGINE": "embedded"}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "shoal", *words]
        done = subprocess.run(
            command, cwd=root, env=os.environ | service, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    run("local", "start", "--port", "0")
    try:
        run("up", "-s", "local", "-y", "--no-jobs")
        yield run
    finally:
        run("local", "stop")
