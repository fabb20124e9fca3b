from pathlib import Path
from typing import Any

from shoal.jobs.tasks.stage_dependencies import with_barrier
from shoal.jobs.tasks.task_groups import ID_CHARACTERS
from tests.jobs.builders import tasks

TEXT = """\
parameters: {{n: {{type: int, default: 3}}}}
job: {{pool: spot}}
stages:
  - {{name: a, command: x, for_each: {{product: {{i: {{range: [1, "{{{{ n }}}}"]}}}}}}}}
  - {{name: b, after: a, command: x{b}}}
"""
SINGLE = TEXT.format(b="")
SWEEP = TEXT.format(b=", for_each: {product: {j: [1, 2]}}")


def parents(found: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {task["id"]: task["dependsOn"]["taskIds"] for task in found if "dependsOn" in task}


def test_single_task_depends_on_every_task_of_the_stage_before(tmp_path: Path) -> None:
    found = tasks(tmp_path, SINGLE)
    assert parents(found) == {"b": [task["id"] for task in found[:3]]}


def test_sweep_after_a_sweep_waits_for_one_barrier(tmp_path: Path) -> None:
    found = tasks(tmp_path, SWEEP)
    first, second = [task["id"] for task in found if task["id"].startswith("b-")]
    assert parents(found) == {
        "wait_for_a": [task["id"] for task in found[:3]],
        first: ["wait_for_a"],
        second: ["wait_for_a"],
    }


def test_stage_too_long_to_be_listed_is_waited_for_through_barriers(tmp_path: Path) -> None:
    found = tasks(tmp_path, SINGLE, n=9000)
    waiting = parents(found)
    assert waiting["b"] == ["wait_for_a"]
    groups = [task for task in waiting if task.startswith("wait_for_a_")]
    assert len(groups) > 1
    listed = [parent for task in (*groups, "wait_for_a") for parent in waiting[task]]
    ids = {task["id"] for task in found if task["id"].startswith("a-")}
    assert set(listed) == ids | set(groups)
    assert len(listed) == len(ids) + len(groups)
    assert all(len("".join(ids)) <= ID_CHARACTERS for ids in waiting.values())


def test_barrier_follows_the_tasks_as_they_stream() -> None:
    streamed = with_barrier(iter([{"id": "a-1"}, {"id": "a-2"}]), "a")
    assert next(streamed) == {"id": "a-1"}
    assert list(streamed)[-1]["dependsOn"] == {"taskIds": ["a-1", "a-2"]}
