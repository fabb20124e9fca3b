"""Every shell step of the files for GitHub Actions and Azure Pipelines, run on a project with the embedded service.

Not run: the actions and tasks of others (checkout, Python, Pulumi's command, the login to Azure), `curl` in
ci/install.sh, and policies where `pulumi-policy` is missing. Instead of Azure's `az` there is one that knows the
subscription, and instead of GitHub's and Azure DevOps' interfaces a server that keeps their comments.
"""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from azure.mgmt.batch import BatchManagementClient

from tests.deploy.stacks import Stack
from tests.pull_request_server import PullRequests, pull_requests
from tests.pulumi.conftest import PulumiProject
from tests.services import REPOSITORY, TEMPLATE
from tests.workflows import GITHUB, Runner, azure_jobs, github_job, read

pytestmark = pytest.mark.pulumi

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
JOB = "job: {pool: spot, id: 'work-{{ run }}'}\nstages: [{name: work, command: 'true', packages: var}]\n"
INSTALLED = ("Makefile", "pyproject.toml", "requirements.lock", "package.json", "package-lock.json")


@pytest.fixture
def server() -> Iterator[PullRequests]:
    with pull_requests() as kept:
        yield kept


@pytest.fixture
def project(stack: Stack) -> PulumiProject:
    """A checkout on a machine where everything is installed, of a stack that was made by hand."""
    project = stack.project
    assert isinstance(project, PulumiProject)
    shutil.copytree(TEMPLATE / "ci", project.directory / "ci")
    if find_spec("pulumi_policy") is not None:
        shutil.copytree(REPOSITORY / "policy", project.directory / "policy")
    for name in INSTALLED:
        shutil.copy(REPOSITORY / name, project.directory)
    environment = project.directory / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(REPOSITORY / ".venv" / name)
    (project.directory / "node_modules").mkdir()
    for marker in (environment, project.directory / "node_modules"):
        (marker / ".installed").touch()
    (project.directory / "job.yaml").write_text(JOB)
    stack.file.write_text(f"{stack.file.read_text()}  shoal:jobs: [{{file: job.yaml}}]\n")
    project.must_pulumi("stack", "init", stack.name)
    return project


@pytest.fixture
def runner(
    project: PulumiProject, stack: Stack, server: PullRequests, tmp_path_factory: pytest.TempPathFactory
) -> Runner:
    machine = tmp_path_factory.mktemp("machine")
    (machine / "az").write_text(f"#!/bin/sh\necho {SUBSCRIPTION}\n")
    (machine / "az").chmod(0o755)
    (machine / "github.env").touch()
    environment = variables(project)
    return Runner(
        directory=project.directory,
        environment=environment
        | {
            "PATH": f"{machine}:{environment['PATH']}",
            "GITHUB_ENV": str(machine / "github.env"),
            "GITHUB_STEP_SUMMARY": str(machine / "summary.md"),
            "GITHUB_API_URL": server.address,
            "GITHUB_REPOSITORY": "o/r",
            "STACK": stack.name,
            "POLICY_LIMITS": "policy/local.json",
            "PREVIEW": "8",
            "TEARDOWN": "8",
            "SYSTEM_COLLECTIONURI": f"{server.address}/org/",
            "SYSTEM_TEAMPROJECTID": "project",
            "BUILD_REPOSITORY_ID": "repository",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "8",
        },
        values={
            "vars.SHOAL_STACK || 'dev'": stack.name,
            "vars.PULUMI_BACKEND_URL": environment["PULUMI_BACKEND_URL"],
            "vars.POLICY_LIMITS": "policy/local.json",
            "vars.AZURE_CLIENT_ID": "client",
            "vars.AZURE_TENANT_ID": "tenant",
            "vars.AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
            "vars.SHOAL_TASK_DURATION": "",
            "vars.SHOAL_NODE_PRICE": "0.05",
            "vars.SHOAL_CURRENCY": "EUR",
            "github.event.pull_request.number": "7",
            "github.token": "t",
            "System.AccessToken": "t",
        },
    )


def variables(project: PulumiProject) -> dict[str, str]:
    """Return the variables of a shell that knows the embedded service."""
    script = f'eval "$({shlex.quote(sys.executable)} -m shoal local env)" && env -0'
    shown = subprocess.run(
        ["sh", "-c", script],
        cwd=project.directory,
        env=project.environment | {"SHOAL_ENGINE": "pulumi"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in shown.stdout.split("\0") if line)


def group_of(project: PulumiProject, name: str) -> object:
    return project.service.arm.get(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}", "2024-03-01")


def test_github_workflows_take_a_stack_from_pull_request_to_teardown(
    runner: Runner, project: PulumiProject, stack: Stack, server: PullRequests, management: BatchManagementClient
) -> None:
    runner.must(github_job("preview", "comment"))
    assert runner.environment["ARM_USE_OIDC"] == "true"
    [comment] = server.comments
    assert comment["body"].startswith(f"<!-- shoal:{stack.name} -->\n")
    assert "**17 to be created**" in comment["body"]
    assert " EUR |" in comment["body"]
    assert ("### Policies" in comment["body"]) is (project.directory / "policy").exists()
    deployed = runner.must(github_job("deploy", "deploy"))
    assert "+ 24 created" in deployed
    assert "1 tasks added" in deployed
    again = runner.must(github_job("deploy", "deploy"))
    assert "24 unchanged" in again
    assert "already" in again
    runner.must(github_job("preview", "comment"))
    assert [one["id"] for one in server.comments] == [1]
    assert "No changes: all 17 resources are as declared." in comment["body"]
    assert "already there" in comment["body"]
    runner.must(github_job("drift", "drift"))
    runner.must(github_job("preview", "own-stack"))
    assert group_of(project, "shoal-pr-7") is not None
    assert "no stack" not in runner.must(github_job("teardown", "teardown"))
    assert group_of(project, "shoal-pr-7") is None
    assert "there is no stack pr-7" in runner.must(github_job("teardown", "teardown"))
    account = stack.name.replace("-", "")
    management.pool.begin_delete(account, account, "spot").result()
    *_, look = github_job("drift", "drift")
    drifted = runner.run(look)
    assert drifted.returncode == 1
    assert "spot-pool" in drifted.stdout


def test_azure_pipelines_do_the_same(
    runner: Runner, project: PulumiProject, stack: Stack, server: PullRequests
) -> None:
    jobs = azure_jobs()
    assert list(jobs) == ["comment", "deploy", "drift", "own_stack", "teardown"]
    runner.must(jobs["comment"])
    [thread] = server.threads
    assert thread["comments"][0]["content"].startswith(f"<!-- shoal:{stack.name} -->\n")
    assert "1 tasks added" in runner.must(jobs["deploy"])
    runner.must(jobs["drift"])
    runner.must(jobs["own_stack"])
    assert group_of(project, "shoal-pr-8") is not None
    runner.must(jobs["teardown"])
    assert group_of(project, "shoal-pr-8") is None


def test_failed_preview_still_becomes_a_comment_and_fails_the_job(
    runner: Runner, stack: Stack, server: PullRequests
) -> None:
    stack.configure(**{"ubuntu-24.04": "ubuntu-1"})
    *_, preview, publish = github_job("preview", "comment")
    assert runner.run(preview).returncode == 1
    assert runner.run(publish).returncode == 0
    assert "**The preview failed.**" in server.comments[0]["body"]


@pytest.mark.parametrize("script", ["preview_stack.sh", "teardown.sh"])
def test_only_numbers_name_a_stack_of_a_pull_request(runner: Runner, script: str) -> None:
    refused = subprocess.run(
        [f"ci/{script}", "../dev", "dev"], cwd=runner.directory, capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is not the number of a pull request" in refused.stderr


def test_no_job_is_left_out() -> None:
    run = {"comment", "own-stack", "deploy", "drift", "teardown"}
    assert {job for path in GITHUB for job in read(path)["jobs"]} == run
