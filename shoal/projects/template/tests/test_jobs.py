"""The job files: they have no mistake, and can be planned on the stack `local`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

JOBS = sorted(path.name for path in (Path(__file__).parents[1] / "task_templates").glob("*.yaml"))


@pytest.mark.parametrize("job", JOBS)
def test_job_can_be_planned(shoal: Callable[..., str], job: str) -> None:
    assert json.loads(shoal("check", f"task_templates/{job}", "--json"))["problems"] == []
    assert json.loads(shoal("plan", f"task_templates/{job}", "-s", "local", "--json"))["tasks"] > 0
