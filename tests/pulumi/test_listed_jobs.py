"""The jobs that a stack lists, after a deployment by Pulumi's engine."""

import json

import pytest

from tests.deploy.stacks import Stack
from tests.pulumi.conftest import PulumiProject

pytestmark = pytest.mark.pulumi

JOB = "job: {pool: spot, id: 'work-{{ run }}'}\nstages: [{name: work, command: 'true', packages: var}]\n"


def test_job_is_submitted_once_by_up_and_by_pulumi_up_with_a_submission_after_it(stack: Stack) -> None:
    project, name = stack.project, stack.name
    assert isinstance(project, PulumiProject)
    (project.directory / "job.yaml").write_text(JOB)
    stack.file.write_text(f"{stack.file.read_text()}  shoal:jobs: [{{file: job.yaml}}]\n")
    program = project.directory / "__main__.py"
    program.write_text(f"{program.read_text()}\npulumi.log.warn('it may rain')\n")
    previewed = project.shoal("preview", "-s", name)
    assert previewed.returncode == 0, previewed.stderr
    assert previewed.stdout.endswith("of job.yaml: 1 tasks to be added\n")
    submitted = project.shoal("up", "-y", "-s", name, "--json")
    assert submitted.returncode == 0, submitted.stderr
    assert submitted.stderr.count("warning: it may rain\n") == submitted.stderr.count("warning: ") == 1
    (job,) = json.loads(submitted.stdout)["jobs"]
    assert (job["state"], job["added"]) == ("submitted", 1)
    (planned,) = json.loads(project.shoal("preview", "-s", name, "--json").stdout)["jobs"]
    assert (planned["job_id"], planned["missing"]) == (job["job_id"], 0)
    project.must_pulumi("up", "-y", "-s", name, "--skip-preview")
    again = project.shoal("submit", "--listed", "-s", name)
    assert (again.returncode, again.stdout) == (0, f"{job['job_id']}\n")
    assert "already" in again.stderr
