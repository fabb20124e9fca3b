"""Checks with the service: each problem and warning has its place, and `plan` and `submit` refuse the same."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from azure.batch import models

from shoal.connect import Services
from shoal.environment import Authentication, Environment, Package
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import draft_job_file
from shoal.jobs.preflight.preflight import findings, preflight
from shoal.jobs.preflight.service_facts import BlobPrefix, PoolFacts, Quotas, ServiceFacts, blob_prefixes
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import refuse_other_run, submit
from tests.jobs.builders import ENVIRONMENT, IDENTITY, bound

JOB = """\
job: {pool: spot, id: nightly, max_time: 40d}
stages:
  - name: work
    for_each: {product: {n: [1, 2, 3]}}
    command: x {{ n }}
    shell: bash
    packages: var
    inputs: [{from: in.bin}, {blobs: "day-{{ n }}/"}, {blobs: z, container: elsewhere}]
"""
POOL = PoolFacts(
    vm_size="standard_d2s_v3",
    task_slots_per_node=4,
    node_agent="batch.node.ubuntu 24.04",
    target_spot=2,
    current_spot=2,
)
SOUND = ServiceFacts(pool=POOL, packages={"var-app": frozenset({"0a1b.2"})})
FORMULA = (
    "$TargetDedicatedNodes = 0;\n"
    "$TargetLowPriorityNodes = min(10, avg($PendingTasks.GetSample(180 * TimeInterval_Second)));"
)
EMPTY = replace(POOL, current_spot=0)


def messages(folder: Path, facts: ServiceFacts, environment: Environment = ENVIRONMENT) -> list[str]:
    """`line kind: sentence` of every finding."""
    (folder / "in.bin").write_text("x")
    job = bound(folder, JOB, environment)
    found = findings(job, make_plan(job), facts)
    prefix = f"{folder}/job.yaml line "
    return [
        f"{'problem' if one.is_problem else 'warning'} {one.text(job.job_file.document).removeprefix(prefix)}"
        for one in found
    ]


BY_IDENTITY = replace(ENVIRONMENT, node_identity=IDENTITY)


def test_sound_job_has_no_findings(tmp_path: Path) -> None:
    assert messages(tmp_path, SOUND, BY_IDENTITY) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pool": None}, "problem 1: pool 'spot-pool' is not there any more; run `shoal up` to make it again"),
        ({"pool": replace(POOL, is_deleting=True)}, "problem 1: pool 'spot-pool' is being deleted"),
        (
            {"pool": replace(POOL, task_slots_per_node=2)},
            "problem 1: a node of pool 'spot-pool' has 2 slots, and the stack's outputs say 4; run `shoal up` again",
        ),
        (
            {"pool": replace(POOL, node_agent="batch.node.new 1")},
            "warning 6: whether nodes batch.node.new 1 have /bin/bash is not known; the image must bring it",
        ),
        ({"has_bash": False, "pool": replace(POOL, node_agent="")}, "problem 6: this machine, which the nodes run on"),
        (
            {"pool": replace(EMPTY, target_spot=0)},
            "warning 1: pool 'spot-pool' has no nodes and no formula that adds any, so tasks wait; resize it",
        ),
        (
            {"pool": replace(EMPTY, resize_errors=("AllocationFailed: no capacity",))},
            "warning 1: pool 'spot-pool' has no nodes: AllocationFailed: no capacity",
        ),
        (
            {"pool": replace(EMPTY, formula="$TargetDedicatedNodes = ;")},
            "problem 1: the formula of pool 'spot-pool', line 1:",
        ),
        (
            {"pool": replace(POOL, formula="$TargetDedicatedNodes = ;")},
            "warning 1: the formula of pool 'spot-pool', line 1:",
        ),
        (
            {"pool": replace(POOL, formula_error="X: y", formula="$TargetDedicatedNodes = 1;")},
            "warning 1: the latest evaluation of the formula of pool 'spot-pool' failed: X: y",
        ),
        (
            {"quotas": Quotas(active_jobs=20), "active_jobs": 20},
            "problem 1: account 'shoal' has 20 active jobs, and its quota is 20; end one of them",
        ),
        (
            {"quotas": Quotas(spot_cores=1, dedicated_cores=100), "pool": EMPTY},
            "problem 1: a node of standard_d2s_v3 has 2 cores, and the core quota of account 'shoal' is 1 for",
        ),
        (
            {"quotas": Quotas(spot_cores=2), "pool": EMPTY},
            "warning 1: the pool's 2 Spot nodes need 4 cores, and the quota of account 'shoal' is 2: the pool gets 1",
        ),
        ({"packages": {}}, "problem 7: package 'var' (var-app) has no active version 0a1b.2; none is active; run"),
        (
            {"packages": {"var-app": frozenset({"2"})}},
            "problem 7: package 'var' (var-app) has no active version 0a1b.2;",
        ),
        ({"missing_containers": frozenset({"inputs"})}, "problem 2: storage account 'store' has no container 'inputs'"),
        (
            {"missing_containers": frozenset({"elsewhere"})},
            "problem 8: storage account 'store' has no container 'elsewhere'; create it first",
        ),
        (
            {"empty_prefixes": (BlobPrefix(stage=0, number=1, container="inputs", prefix="day-1/"),)},
            "warning 8: no blob in container 'inputs' begins with 'day-1/'; upload it first",
        ),
        (
            {"empty_prefixes": (BlobPrefix(stage=0, number=1, container="in", prefix="a.txt", is_whole_name=True),)},
            "problem 8: container 'in' has no blob 'a.txt'; upload it first",
        ),
    ],
)
def test_finding_has_its_line_and_its_mend(tmp_path: Path, change: dict[str, object], message: str) -> None:
    found = messages(tmp_path, replace(SOUND, **change), BY_IDENTITY)  # type: ignore[arg-type]  # any field
    assert any(line.startswith(message) for line in found), found


def test_blobs_that_tasks_read_are_known_by_their_names_or_prefixes(tmp_path: Path) -> None:
    first = "{name: a, command: x, for_each: {product: {n: [1, 2]}}, outputs: [{pattern: x}]}"
    inputs = '[{stage: a}, {blob: "x y/{{ n }}.txt"}, {blobs: "d/{{ n }}/", container: other}]'
    second = f"{{name: b, command: x, after: {{stage: a, each: true}}, inputs: {inputs}}}"
    job = bound(tmp_path, f"job: {{pool: spot, id: j}}\nstages: [{first}, {second}]\n")
    assert [(found.number, found.container, found.prefix, found.is_whole_name) for found in blob_prefixes(job)] == [
        (1, "inputs", "x y/1.txt", True),
        (2, "other", "d/1/", False),
        (1, "inputs", "x y/2.txt", True),
        (2, "other", "d/2/", False),
    ]


def test_signatures_that_end_before_the_job_may_are_a_warning(tmp_path: Path) -> None:
    expected = "warning 1: max_time is 40 days, and the addresses of inputs and outputs work for {} days after the"
    for authentication, days in ((Authentication.SHARED_KEY, 30), (Authentication.ENTRA, 7)):
        (found,) = messages(tmp_path, SOUND, replace(ENVIRONMENT, authentication=authentication))
        assert found.startswith(expected.format(days))


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (17 * 2**30, "problem 8: a task reads 17.0 GiB, and the disk of a node of standard_d2s_v3 has 16 GiB; take a"),
        (5 * 2**30, "warning 8: 4 tasks at a time read 20.0 GiB, and the disk of a node of standard_d2s_v3 has 16 GiB"),
        (3 * 2**30, None),
    ],
)
def test_inputs_larger_than_the_disk_of_a_node_are_found(tmp_path: Path, size: int, message: str | None) -> None:
    in_azure = replace(BY_IDENTITY, arm_endpoint="https://management.azure.com")
    (tmp_path / "in.bin").write_text("x")
    job = bound(tmp_path, JOB, in_azure)
    plan = make_plan(job)
    assert plan.stages[0].input_bytes == 1
    plan = replace(plan, stages=[replace(plan.stages[0], input_bytes=size)])
    found = list(findings(job, plan, SOUND))
    kinds = [("problem" if one.is_problem else "warning") + f" 8: {one.sentence}" for one in found]
    assert [line.startswith(message) for line in kinds] == [True] if message else kinds == []


def test_formula_that_the_linter_doubts_is_a_warning_with_rule_and_mend(tmp_path: Path) -> None:
    pool = replace(POOL, formula=FORMULA, evaluation_interval=timedelta(minutes=5))
    found = messages(tmp_path, replace(SOUND, pool=pool), BY_IDENTITY)
    assert found
    assert all(line.startswith("warning 1: the formula of pool 'spot-pool', line 2: ") for line in found)


def test_simulated_pool_is_a_warning_on_this_machine_and_nothing_in_azure(tmp_path: Path) -> None:
    simulated = replace(SOUND, pool=replace(POOL, has_simulation=True))
    sentence = "pool 'spot-pool' is simulated: its tasks run nothing and leave no outputs"
    assert [sentence in line for line in messages(tmp_path, simulated, BY_IDENTITY)] == [True]
    in_azure = replace(BY_IDENTITY, arm_endpoint="https://management.azure.com")
    assert not any(sentence in line for line in messages(tmp_path, simulated, in_azure))


def test_file_and_service_are_refused_together_by_plan_and_the_service_by_submit(
    services: Services, tmp_path: Path, name: str
) -> None:
    pools = {"spot": replace(services.environment.pools["spot"], task_slots_per_node=9)}
    environment = replace(services.environment, pools=pools, packages={"var": Package(application="none", version="1")})
    (tmp_path / "in.bin").write_text("x")
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    job = bind(draft_job_file(path, given={}, run="r1", job_id=name), environment)
    refusals = [
        "line 1: a node of pool",
        "line 7: package 'var' (none) has no active version 1; none is active",
        f"line 8: storage account '{environment.storage_account}' has no container 'elsewhere'",
    ]
    with pytest.raises(BadInput) as refused:
        submit(job, make_plan(job), services)
    assert [place in line for place, line in zip(refusals, str(refused.value).splitlines(), strict=True)] == [True] * 3
    assert not [job for job in services.batch.list_jobs() if job.id == name]

    path.write_text(JOB.replace("x {{ n }}", "x {{ m }}"))
    both = bind(draft_job_file(path, given={}, run="r1", job_id=name), environment)
    checked = preflight(both, services, refuse_other_run=lambda *_: None)
    assert checked.plan is None
    assert [problem.line for problem in checked.problems] == [1, 5, 7, 8]


def test_id_that_is_in_use_on_another_pool_is_a_problem_of_the_plan(
    services: Services, tmp_path: Path, name: str
) -> None:
    services.batch.create_job(
        models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="elsewhere"))
    )
    job = bound(tmp_path, f"job: {{pool: spot, id: {name}}}\nstages: [{{name: a, command: x}}]\n", services.environment)
    checked = preflight(
        job, services, refuse_other_run=lambda *parts: refuse_other_run(*parts, on_change=OnChange.REFUSE)
    )
    (problem,) = checked.problems
    assert problem.message.startswith(f"job '{name}' is there already, on pool 'elsewhere'")
    services.batch.begin_delete_job(name).wait()
