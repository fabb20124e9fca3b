import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import shoal as run_shoal

Shoal = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shoal(service: Status, environment: Environment, tmp_path: Path) -> Shoal:
    """The command on the stack of the worker's service."""
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    return lambda *words: run_shoal(service, tmp_path, *words, "--environment", str(tmp_path / "environment.json"))
