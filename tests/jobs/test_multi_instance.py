"""Stages whose tasks run on several nodes at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.jobs.preflight.pool_checks import pool_findings
from shoal.jobs.preflight.service_facts import PoolFacts, ServiceFacts
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import bound, one_stage, tasks

MPI = """
for_each: {product: {case: [a b, c]}}
command: mpirun -host $AZ_BATCH_HOST_LIST solve {{ case }}
instances: 4
coordination: start-daemon --case {{ case }} &
"""
POOL = PoolFacts(
    vm_size="standard_d2s_v3",
    task_slots_per_node=1,
    has_inter_node_communication=True,
    target_spot=4,
    current_spot=4,
)


def test_tasks_have_instances_and_a_coordination_command(tmp_path: Path) -> None:
    settings = [task["multiInstanceSettings"] for task in tasks(tmp_path, one_stage(MPI))]
    assert settings == [
        {"numberOfInstances": 4, "coordinationCommandLine": line}
        for line in (
            """/bin/sh -c 'start-daemon --case '"'"'a b'"'"' &'""",
            "/bin/sh -c 'start-daemon --case c &'",
        )
    ]
    words = MPI.replace("start-daemon --case {{ case }} &", "[start, '{{ case }}']")
    assert tasks(tmp_path, one_stage(words))[0]["multiInstanceSettings"]["coordinationCommandLine"] == "start 'a b'"


def test_task_without_instances_has_no_such_settings(tmp_path: Path) -> None:
    assert "multiInstanceSettings" not in tasks(tmp_path, one_stage("command: x"))[0]


def test_slots_of_all_instances_count_for_the_size_of_the_pool(tmp_path: Path) -> None:
    assert make_plan(bound(tmp_path, one_stage(MPI))).slots == 8


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("command: x\ninstances: 4", "instances and coordination belong together"),
        ("command: x\ncoordination: y", "instances and coordination belong together"),
        ("command: x\ncoordination: y\ninstances: 1", "instances is 1; it must be at least 2"),
        ("command: x\ncoordination: 'y {{ z }}'\ninstances: 2", "'z' is undefined"),
        ('command: x\ncoordination: "y\\0"\ninstances: 2', "the coordination of task work has a null byte"),
    ],
)
def test_half_of_the_settings_is_refused(tmp_path: Path, keys: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, one_stage(keys)))


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (POOL, None),
        (replace(POOL, has_inter_node_communication=False), "nodes of pool 'spot-pool' may not speak to each other"),
        (replace(POOL, task_slots_per_node=4), "has 4 slots, so a task with instances would wait for ever"),
        (replace(POOL, target_spot=3), "4 instances need as many nodes, and pool 'spot-pool' has a fixed size of 3"),
    ],
)
def test_pool_on_which_instances_would_wait_for_ever_is_told(
    tmp_path: Path, pool: PoolFacts, message: str | None
) -> None:
    job = bound(tmp_path, one_stage(MPI))
    found = [one for one in pool_findings(job, ServiceFacts(pool=pool, packages={})) if one.place[0] == "stages"]
    assert [message in one.sentence and one.is_problem for one in found if message] == ([True] if message else [])
    assert bool(found) is (message is not None)
