"""The project deployed as the stack `local`, to the embedded Batch service that Shoal's pytest fixtures run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shoal.testing import Status


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shoal(root: Path, shoal_service: Status) -> Callable[..., str]:
    """Return the command as a function: it must succeed, and returns its output."""
    service = {"SHOAL_STATE": shoal_service.state_dir, "SHOAL_ENGINE": "embedded"}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "shoal", *words]
        done = subprocess.run(
            command, cwd=root, env=os.environ | service, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    run("up", "-s", "local", "-y", "--no-jobs")
    return run
