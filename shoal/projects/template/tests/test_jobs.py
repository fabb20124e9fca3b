"""The jobs, on an embedded service with real processes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from estimate import hits
from merge import table

JOBS = sorted(path.name for path in (Path(__file__).parents[1] / "task_templates").glob("*.yaml"))


@pytest.mark.parametrize("job", JOBS)
def test_job_can_be_planned(shoal: Callable[..., str], job: str) -> None:
    assert json.loads(shoal("plan", f"task_templates/{job}", "-s", "local", "--json"))["tasks"] > 0


def test_sweep_brings_its_table_home(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "draws=1000", "-p", "seeds=3", "--out", str(tmp_path))
    shoal("run", "task_templates/sweep.yaml", "-s", "local", *given)
    estimates = [{"seed": seed, "draws": 1000, "hits": hits(1000, seed)} for seed in (1, 2, 3)]
    assert (tmp_path / "merge" / "merge" / "estimates.csv").read_text() == table(estimates)
