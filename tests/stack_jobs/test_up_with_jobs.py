"""`shoal up` and `shoal submit --listed` with the jobs that a stack lists, as people and CI run them."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from azure.batch import BatchClient, models

from shoal.connect import connected
from shoal.service_status import Status
from tests.deploy.projects import Project
from tests.deploy.stacks import Stack, copied_stack

pytestmark = pytest.mark.story

JOB = """\
parameters: {last: {type: int, default: 2}, code: {type: int, default: 0}}
job: {pool: spot, id: "work-{{ run }}"}
stages:
  - name: work
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: test -f $AZ_BATCH_APP_PACKAGE_VAR/simulate.py && exit {{ code }}
    packages: var
"""


@pytest.fixture
def stack(tmp_path: Path, service: Status, name: str) -> Iterator[Stack]:
    """A stack with one node that is always there."""
    stack = copied_stack(Project(name="shoal", directory=tmp_path, status=service), name)
    text = stack.file.read_text()
    stack.file.write_text(text[: text.index("maxSpotNodes")] + "spotNodes: 1\n")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "work.yaml").write_text(JOB)
    yield stack
    stack.take_down()


@pytest.fixture
def client(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchClient]:
    """A client of the account of the stack, which is deployed without its jobs."""
    assert shoal(stack, "up", "-y", "--no-jobs").returncode == 0
    with connected(stack.environment(monkeypatch)) as services:
        yield services.batch


def listing(stack: Stack, jobs: str) -> None:
    stack.file.write_text(f"{stack.file.read_text()}  shoal:jobs: {jobs}\n")


def shoal(stack: Stack, *words: str) -> CompletedProcess[str]:
    return stack.project.shoal(*words, "-s", stack.name)


def jobs_in(client: BatchClient) -> dict[str, int]:
    """The jobs of the account and how many tasks each has."""
    return {str(job.id): len(list(client.list_tasks(str(job.id)))) for job in client.list_jobs()}


def test_listed_jobs_are_submitted_once_and_a_changed_one_is_another_job(stack: Stack, client: BatchClient) -> None:
    listing(stack, "[{file: jobs/work.yaml}, {file: jobs/work.yaml, parameters: {last: 3}, wait: true}]")
    first = shoal(stack, "up", "-y")
    assert first.returncode == 0, first.stderr
    made = jobs_in(client)
    assert sorted(made.values()) == [2, 3]
    two, three = sorted(made, key=lambda job: made[job])
    assert f"{two} of jobs/work.yaml: 2 tasks added\n" in first.stdout
    assert f"{three} of jobs/work.yaml: 3 tasks added\n" in first.stdout
    assert "3 of 3 done, 0 running, 0 failed" in first.stdout
    again = shoal(stack, "up", "-y")
    assert again.returncode == 0, again.stderr
    assert "No changes" in again.stdout
    assert f"{three} of jobs/work.yaml: done already, 3 tasks\n" in again.stdout
    assert jobs_in(client) == made
    stack.configure(**{"{last: 3}": "{last: 4}"})
    assert "4 tasks added" in shoal(stack, "up", "-y", "-q").stdout
    assert sorted(jobs_in(client).values()) == [2, 3, 4]


def test_preview_says_which_tasks_would_be_added(stack: Stack) -> None:
    listing(stack, "[{file: jobs/work.yaml}]")
    unknown = shoal(stack, "preview")
    assert unknown.stdout.splitlines()[-1] == (
        "Then a job, named once its pool and packages are deployed, of jobs/work.yaml: 2 tasks to be added"
    )
    assert shoal(stack, "up", "-y", "--no-jobs").returncode == 0
    (known,) = json.loads(shoal(stack, "preview", "--json").stdout)["jobs"]
    assert (known["file"], known["tasks"], known["missing"]) == ("jobs/work.yaml", 2, 2)
    assert shoal(stack, "submit", "--listed").stdout == f"{known['job_id']}\n"
    last_line = shoal(stack, "preview").stdout.splitlines()[-1]
    assert last_line == f"Then {known['job_id']} of jobs/work.yaml: nothing to be added to its 2 tasks"


def test_quiet_commands_say_what_became_of_the_stack_and_not_each_change(stack: Stack) -> None:
    place = f"at {stack.project.status.arm_endpoint} with the embedded engine"
    assert shoal(stack, "preview", "-q").stdout.splitlines() == [
        f"Stack {stack.name} {place}:",
        "17 to be created, 0 unchanged.",
    ]
    assert shoal(stack, "up", "-q").stdout.splitlines()[1:] == ["17 created, 0 unchanged."]
    assert shoal(stack, "down", "-q", "-y").stdout.splitlines()[1:] == ["17 deleted, 0 unchanged."]


def test_submission_that_broke_off_is_completed(stack: Stack, client: BatchClient) -> None:
    listing(stack, "[{file: jobs/work.yaml}]")
    (planned,) = json.loads(shoal(stack, "preview", "--json").stdout)["jobs"]
    client.create_job(
        models.BatchJobCreateOptions(id=planned["job_id"], pool_info=models.BatchPoolInfo(pool_id="spot"))
    )
    done = json.loads(shoal(stack, "submit", "--listed", "--json").stdout)["jobs"]
    assert [(job["job_id"], job["state"], job["added"]) for job in done] == [(planned["job_id"], "submitted", 2)]
    assert jobs_in(client) == {planned["job_id"]: 2}


def test_job_that_fails_is_told_and_keeps_no_other_from_being_submitted(stack: Stack, client: BatchClient) -> None:
    listing(stack, "[{file: jobs/work.yaml, parameters: {code: 7}, wait: true}, {file: jobs/work.yaml}]")
    done = shoal(stack, "up", "-y", "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    failed, other = result["jobs"]
    assert (failed["state"], failed["ending"]["counts"]["failed"]) == ("failed", 2)
    assert (other["state"], other["added"], other["error"]) == ("submitted", 2, None)
    assert result["outputs"]["stack"] == stack.name
    assert done.stderr.endswith(
        f"error: 1 of 2 listed jobs failed:\n  {failed['job_id']} of jobs/work.yaml: 2 of 2 tasks failed, 0 never ran\n"
    )
    assert jobs_in(client) == {failed["job_id"]: 2, other["job_id"]: 2}


def test_job_that_was_ended_without_all_its_tasks_is_a_failure_of_its_own(stack: Stack, client: BatchClient) -> None:
    listing(stack, "[{file: jobs/work.yaml}, {file: jobs/work.yaml, parameters: {last: 1}}]")
    ended, _ = json.loads(shoal(stack, "preview", "--json").stdout)["jobs"]
    client.create_job(models.BatchJobCreateOptions(id=ended["job_id"], pool_info=models.BatchPoolInfo(pool_id="spot")))
    assert shoal(stack, "cancel", ended["job_id"]).returncode == 0
    done = shoal(stack, "submit", "--listed")
    assert done.returncode == 1
    assert f"{ended['job_id']} of jobs/work.yaml: not submitted" in done.stderr
    assert "has ended, without 2 of these 2 tasks, and takes no more" in done.stderr
    assert sorted(jobs_in(client).values()) == [0, 1]


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ("[{file: jobs/none.yaml}]", "error: shoal:jobs[0]: "),
        ("[{file: jobs/work.yaml, parameters: {last: 0}}]", "a range begins with its lower end"),
        ("[{file: jobs/work.yaml, wait: maybe}]", "shoal:jobs[0].wait is maybe; it must be true or false"),
    ],
)
def test_wrong_job_is_found_before_anything_is_deployed(stack: Stack, jobs: str, message: str) -> None:
    listing(stack, jobs)
    refused = shoal(stack, "up", "-y")
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (refused.returncode, refused.stdout) == (2, "")
    group = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{stack.name.replace('-', '')}"
    assert stack.project.service.arm.get(group, "2024-03-01") is None


def test_what_the_program_warns_of_is_told_once_though_its_jobs_are_checked_first(stack: Stack) -> None:
    program = stack.project.directory / "__main__.py"
    program.write_text(f"{program.read_text()}\npulumi.log.warn('it may rain')\n")
    listing(stack, "[{file: jobs/work.yaml}]")
    done = shoal(stack, "up", "-y")
    assert done.returncode == 0
    assert done.stderr == "warning: it may rain\n"


def test_what_the_program_says_is_told_where_the_check_fails(stack: Stack) -> None:
    listing(stack, "[{file: jobs/work.yaml}]")
    (stack.project.directory / "__main__.py").write_text("import pulumi\npulumi.log.warn('it may rain')\n1 / 0\n")
    done = shoal(stack, "up", "-y")
    assert done.returncode == 1
    assert done.stderr.count("warning: it may rain\n") == 1
    assert done.stderr.endswith("error: ZeroDivisionError: division by zero\n")


def test_stack_that_lists_no_jobs_says_so(stack: Stack) -> None:
    assert shoal(stack, "up", "-y").returncode == 0
    done = shoal(stack, "submit", "--listed", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"jobs": []})
    assert done.stderr == "the stack's configuration lists no jobs\n"


@pytest.mark.parametrize("words", [[], ["jobs/work.yaml", "--listed"], ["--listed", "-p", "last=3"]])
def test_submission_is_of_a_file_or_of_the_list(stack: Stack, words: list[str]) -> None:
    refused = shoal(stack, "submit", *words)
    assert refused.returncode == 2
    assert "--listed" in refused.stderr
