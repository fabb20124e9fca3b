"""The two job files of docs/stages.md, "A stage on another pool": the second one's sweep is the first one's outputs."""

import re
from pathlib import Path

import pytest

from shoal.connect import connected
from shoal.environment import Environment
from shoal.jobs.binding.bound_job import requested_job
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.runs.fetch import fetch
from shoal.runs.stored_run import folder_of_run
from shoal.service_status import Status
from tests.code_blocks import PAGES, blocks
from tests.environments import wait_for_job

LISTED = re.compile(r"\{frame: \[.*?\]\} +# (frame: .*) lists them")
"""The page's file without a service, and the axis that asks one."""


def test_second_job_has_a_task_for_each_output_of_the_first(
    service: Status, environment: Environment, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    page = next(page for page in PAGES if page.name == "stages.md")
    files = [block.text for block in blocks(page) if block.text.startswith(("# frames.yaml", "# film.yaml"))]
    with connected(environment) as services:
        for number, text in enumerate(files):
            path = tmp_path / f"{number}.yaml"
            path.write_text(LISTED.sub(r"{\1}", text).replace("-monday", f"-{name}"))
            job = requested_job(path, environment, pairs=(), parameters=None, job_id=None)
            plan = make_plan(job)
            assert (plan.tasks, submit(job, plan, services).added) == (3, 3)
            wait_for_job(services, plan.job_id)
        fetch(services, folder_of_run(services, f"film-{name}"), tmp_path / "home")
    assert sorted(path.read_text() for path in (tmp_path / "home").rglob("*.out")) == ["1\n", "2\n", "3\n"]
