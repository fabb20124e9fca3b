import re
from pathlib import Path

import pytest

from shoal.jobs.binding.bound_job import requested_job
from shoal.jobs.submit.plan import make_plan
from shoal.projects.project import read_stack
from shoal.stack_jobs.configuration import listed_jobs
from shoal.stack_jobs.submission import plan_all
from tests.jobs.builders import ENVIRONMENT

REPOSITORY = Path(__file__).parents[2]
TEMPLATES = sorted((REPOSITORY / "task_templates").glob("*.yaml"))
DOCUMENT = (REPOSITORY / "docs" / "jobs.md").read_text()
BLOCKS: list[str] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
EXAMPLES = [block for block in BLOCKS if "stages:" in block]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_starter_template_can_be_planned_as_it_is(path: Path) -> None:
    job = requested_job(path, ENVIRONMENT, pairs=["run=r1"], parameters=None, job_id=None)
    plan = make_plan(job)
    assert plan.job_id == f"{path.stem}-r1"
    assert all(stage.tasks > 0 for stage in plan.stages)


def test_starter_sweep_has_the_tasks_that_its_comments_promise() -> None:
    path = REPOSITORY / "task_templates" / "sweep.yaml"
    job = requested_job(path, ENVIRONMENT, pairs=["repetitions=2"], parameters=None, job_id=None)
    assert [stage.tasks for stage in make_plan(job).stages] == [10, 1]


def test_there_are_starter_templates_and_a_whole_example() -> None:
    assert len(TEMPLATES) >= 2
    assert len(EXAMPLES) >= 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_of_the_documentation_can_be_planned(tmp_path: Path, example: str) -> None:
    (tmp_path / "job.yaml").write_text(example)
    (tmp_path / "prices.csv").write_text("date,price\n")
    job = requested_job(tmp_path / "job.yaml", ENVIRONMENT, pairs=["run=r1"], parameters=None, job_id=None)
    plan = make_plan(job)
    assert (plan.job_id, [stage.tasks for stage in plan.stages]) == ("var-r1", [120, 1])


def test_listed_jobs_of_the_documentation_are_those_that_it_shows(tmp_path: Path) -> None:
    (configuration,) = [block for block in BLOCKS if "shoal:jobs" in block]
    (tmp_path / "Pulumi.yaml").write_text("name: shoal\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(configuration)
    (tmp_path / "task_templates").symlink_to(REPOSITORY / "task_templates")
    jobs = plan_all(listed_jobs(read_stack("dev", tmp_path)), ENVIRONMENT)
    shown = re.findall(r"^(\w+)-[0-9a-f]{12} of (\S+): (\d+) tasks added$", DOCUMENT, re.MULTILINE)
    assert [(job.plan.job_id.split("-")[0], job.listed.file, str(job.tasks)) for job in jobs] == shown
    assert [job.listed.wait for job in jobs] == [True, False]
