from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import OperatingSystem
from shoal.errors import BadInput
from shoal.jobs.submit.plan import make_plan, to_json
from tests.jobs.builders import ENVIRONMENT, bound, one_stage

SWEEP = "for_each: {product: {n: {range: [1, 4]}}}\ncommand: x {{ n }}\nslots: '{{ n }}'\ninputs: [{from: in.csv}]"


def test_plan_counts_tasks_and_slots_and_shows_the_first_few(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x")
    text = one_stage(SWEEP) + "  - {name: merge, after: work, command: y}\n"
    plan = make_plan(bound(tmp_path, text), shown=2)
    assert [(stage.name, stage.tasks, stage.slots, stage.after) for stage in plan.stages] == [
        ("work", 4, 10, []),
        ("merge", 1, 1, ["work"]),
    ]
    assert (plan.tasks, plan.slots) == (5, 11)
    assert [task["commandLine"] for task in plan.stages[0].first] == ["/bin/sh -c 'x 1'", "/bin/sh -c 'x 2'"]
    assert to_json(plan)["files"] == {str(tmp_path / "in.csv"): "2d711642b726b044/in.csv"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            one_stage("command: x").replace("spot", "spto"),
            r"line 2: the stack 'local' has no pool 'spto'; did you mean",
        ),
        (one_stage("command: x\nslots: 5"), r"line 6: task work takes 5 slots; a node of pool 'spot-pool' has 4"),
        (
            one_stage("command: x\nfor_each: {product: {n: [1]}, where: n > 1}"),
            r"line 6: no point of the sweep is left",
        ),
    ],
)
def test_job_that_cannot_run_on_its_pool_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, text))


def test_mistake_in_the_last_task_is_found_before_anything_is_created(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ZeroDivisionError"):
        make_plan(
            bound(tmp_path, one_stage("command: x {{ 1 / (900 - n) }}\nfor_each: {product: {n: {range: [1, 900]}}}"))
        )


def test_job_on_a_pool_of_windows_nodes_is_refused_at_its_pool(tmp_path: Path) -> None:
    pool = replace(ENVIRONMENT.pools["spot"], operating_system=OperatingSystem.WINDOWS)
    job = bound(tmp_path, one_stage("command: x"), replace(ENVIRONMENT, pools={"spot": pool}))
    with pytest.raises(BadInput) as refused:
        make_plan(job)
    assert str(refused.value) == (
        f"{tmp_path / 'job.yaml'} line 2: pool 'spot-pool' has Windows nodes, and the tasks of job files run on Linux"
        " only; choose a Linux pool"
    )
