"""Stages whose tasks run in containers."""

from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.jobs.preflight.pool_checks import pool_findings
from shoal.jobs.preflight.service_facts import PoolFacts, ServiceFacts
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import ENVIRONMENT, bound, one_stage, tasks

SOLVE = """
command: solve
container: {image: "example.azurecr.io/solver:{{ version }}", run_options: --shm-size 2g, working_directory: image}
"""
PARAMETERS = "{version: {default: '3'}}"
POOL = PoolFacts(vm_size="standard_d2s_v3", task_slots_per_node=4, target_spot=1, current_spot=1, runs_containers=True)
PLAIN = replace(POOL, runs_containers=False)
IN_AZURE = replace(ENVIRONMENT, arm_endpoint="https://management.azure.com")
TWO = """\
job: {pool: spot, id: two}
stages:
  - {name: split, command: x, for_each: {product: {n: [1, 2]}}, container: {image: a}}
  - {name: merge, command: x, after: split, for_each: {product: {n: [1, 2]}}}
"""


def test_tasks_have_the_settings_of_their_container(tmp_path: Path) -> None:
    (task,) = tasks(tmp_path, one_stage(SOLVE, parameters=PARAMETERS))
    assert task["containerSettings"] == {
        "imageName": "example.azurecr.io/solver:3",
        "containerRunOptions": "--shm-size 2g",
        "workingDirectory": "containerImageDefault",
    }
    (plain,) = tasks(tmp_path, one_stage("command: x\ncontainer: {image: ubuntu}"))
    assert plain["containerSettings"] == {"imageName": "ubuntu", "workingDirectory": "taskWorkingDirectory"}
    assert "containerSettings" not in tasks(tmp_path, one_stage("command: x"))[0]


def test_barrier_runs_in_the_container_of_its_stage(tmp_path: Path) -> None:
    made = {task["id"]: task.get("containerSettings", {}).get("imageName") for task in tasks(tmp_path, TWO)}
    (barrier,) = (image for task, image in made.items() if not task.startswith(("split-", "merge-")))
    assert barrier == "a"


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ("{}", "container.image is missing"),
        ("ubuntu", "container"),
        ("{image: ''}", "image"),
        ("{image: a b}", "image"),
        ('{image: a, run_options: "--env \'A"}', "it must be words as in a shell, with each quote closed"),
        ("{image: a, working_directory: home}", "working_directory"),
        ("{image: a, user: me}", "user"),
    ],
)
def test_container_that_batch_would_refuse_is_refused(tmp_path: Path, container: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, one_stage(f"command: x\ncontainer: {container}")))


@pytest.mark.parametrize(
    ("text", "environment", "pool", "has_engine", "place", "message"),
    [
        ("image", ENVIRONMENT, POOL, True, None, ""),
        ("image", IN_AZURE, POOL, None, None, ""),
        (
            "image",
            IN_AZURE,
            PLAIN,
            None,
            "container",
            "pool 'spot-pool' is not made for containers; give it `containers",
        ),
        ("image", ENVIRONMENT, PLAIN, True, "container", "pool 'spot-pool' is not made for containers"),
        ("image", ENVIRONMENT, PLAIN, False, "container", "by podman or docker, and this machine has neither"),
        ("plain", ENVIRONMENT, POOL, True, None, ""),
        ("plain", ENVIRONMENT, PLAIN, False, None, ""),
        ("plain", IN_AZURE, POOL, None, "command", "all tasks of pool 'spot-pool' must run in containers"),
    ],
)
def test_plan_compares_the_stages_with_the_pool_and_the_machine(
    tmp_path: Path,
    text: str,
    environment: Environment,
    pool: PoolFacts,
    has_engine: bool | None,
    place: str | None,
    message: str,
) -> None:
    stage = one_stage("command: x\ncontainer: {image: a}" if text == "image" else "command: x")
    facts = ServiceFacts(pool=pool, packages={}, has_container_engine=has_engine)
    found = list(pool_findings(bound(tmp_path, stage, environment), facts))
    assert [finding.place for finding in found] == ([("stages", 0, place)] if place else [])
    assert all(message in finding.sentence and finding.is_problem for finding in found)


def test_bash_of_an_image_is_no_matter_of_the_node(tmp_path: Path) -> None:
    stage = one_stage("command: x\nshell: bash\ncontainer: {image: a}")
    facts = ServiceFacts(pool=POOL, packages={}, has_bash=False, has_container_engine=True)
    assert list(pool_findings(bound(tmp_path, stage), facts)) == []
