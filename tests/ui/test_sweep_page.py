"""The page of a sweep: the points of a run, and the numbers that its tasks left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.service_status import Status
from shoal.ui.result_numbers import numbers
from tests.environments import wait_for_job
from tests.ui.swept_job import submit_file, submit_sweep
from tests.ui.test_job_page import add_job
from tests.ui.visitor import Visitor

NAMED_AFTER_TASKS = """
job: {pool: spot}
stages:
  - name: count
    for_each: {product: {n: {range: [1, 3]}}}
    command: "echo {{ n }} > {{ task }}.json"
    outputs: [{pattern: "*.json"}]
"""


@pytest.fixture
def services(environment: Environment) -> Iterator[Services]:
    with connected(environment) as found:
        yield found


@pytest.fixture(scope="module")
def swept(environment: Environment, service: Status) -> str:
    """A sweep that has ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOAL_STATE", service.state_dir)
        with connected(environment) as services:
            submit_sweep(services, "ui-sweep")
            wait_for_job(services, "ui-sweep")
    return "ui-sweep"


def test_numbers_of_outputs_stand_beside_the_points_of_their_tasks(visitor: Visitor, swept: str) -> None:
    page = visitor.until(f"/jobs/{swept}/sweep", lambda page: page["rows"] and not page["unread"])
    assert (page["stages"], page["stage"], page["file"], page["files"]) == (
        ["estimate"],
        "estimate",
        "area.csv",
        {"area.csv": 10},
    )
    assert (page["axes"], page["points"], page["has_more"]) == (["shape", "scale", "seed"], 10, False)
    for row in page["rows"]:
        shape, scale, seed = row["point"]
        assert (row["numbers"]["column 2"], row["numbers"]["column 3"]) == (scale, seed)
        assert row["numbers"]["column 4"] == pytest.approx({"circle": 3.14, "diamond": 2}[shape] * scale**2, rel=0.3)
    assert ["circle", 3, 2] in [row["point"] for row in page["rows"]]
    assert ["diamond", 3, 2] not in [row["point"] for row in page["rows"]]


def test_outputs_that_are_named_after_their_tasks_are_one_choice(
    visitor: Visitor, services: Services, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(NAMED_AFTER_TASKS)
    submit_file(services, file, name)
    wait_for_job(services, name)
    page = visitor.until(f"/jobs/{name}/sweep", lambda page: page["files"] and not page["unread"])
    assert page["files"] == {"{{ task }}.json": 3}
    assert [row["numbers"] for row in page["rows"]] == [{"value": 1}, {"value": 2}, {"value": 3}]


def test_page_of_a_task_has_its_point_of_the_sweep(visitor: Visitor, swept: str) -> None:
    row = visitor.document(f"/jobs/{swept}/sweep")["rows"][0]
    page = visitor.document(f"/jobs/{swept}/tasks/{row['task']}")
    assert page["point"] == dict(zip(("shape", "scale", "seed"), row["point"], strict=True))


def test_stage_without_a_sweep_is_refused_with_the_ones_that_have_one(visitor: Visitor, swept: str) -> None:
    problem = visitor.until(f"/jobs/{swept}/sweep?stage=merge", lambda _: True, kind="problem")
    assert problem["problem"] == "no stage 'merge' of this job has a sweep; known are estimate"


def test_job_of_another_client_and_job_without_a_sweep_say_why_there_is_nothing(
    visitor: Visitor, services: Services, name: str, tmp_path: Path
) -> None:
    add_job(services, name, {})
    assert "Another client made this job" in visitor.document(f"/jobs/{name}/sweep")["problem"]
    file = tmp_path / "one.yaml"
    file.write_text("job: {id: one, pool: spot}\nstages: [{name: only, command: 'true'}]\n")
    submit_file(services, file, f"{name}-one")
    assert "No stage of this job has a sweep" in visitor.document(f"/jobs/{name}-one/sweep")["problem"]


def test_run_whose_parameters_are_secrets_says_that_its_points_cannot_be_made_again(
    visitor: Visitor, services: Services, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(
        "parameters: {api_token: {type: str, default: x1y2z3w4}}\njob: {id: one, pool: spot}\n"
        "stages: [{name: only, for_each: {product: {n: [1, 2]}}, command: 'true'}]\n"
    )
    submit_file(services, file, name)
    assert "it has no secrets, such as the value of api_token" in visitor.document(f"/jobs/{name}/sweep")["problem"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("r.json", "3.5", {"value": 3.5}),
        ("r.json", '{"loss": 1, "best": {"epoch": 3}, "ok": true, "name": "x"}', {"loss": 1, "best.epoch": 3}),
        ("r.json", "[1, 2]", {}),
        ("r.json", "{broken", {}),
        ("r.json", '{"x": NaN}', {}),
        ("r.csv", "circle,2,3.25\n", {"column 2": 2, "column 3": 3.25}),
        ("r.csv", "epoch,loss\n1,0.5\n2,0.25\n", {"epoch": 2, "loss": 0.25}),
        ("r.tsv", "name\tloss\nlast\t0.25\n", {"loss": 0.25}),
        ("r.csv", "a,b\nnan,inf\n", {}),
        ("r.txt", "42\n", {"value": 42}),
        ("r.txt", "", {}),
    ],
)
def test_numbers_have_the_names_that_their_file_gives_them(name: str, content: str, found: dict[str, float]) -> None:
    assert numbers(name, content.encode()) == found


def test_file_that_is_no_text_has_no_numbers() -> None:
    assert numbers("r.csv", b"\xff\xfe\x00") == {}
