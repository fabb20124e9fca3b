import subprocess
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from tests.jobs.builders import tasks

SPLIT = "  - {name: split, command: x, for_each: {product: {ticker: [A, B], day: [1, 2]}}}\n"


def rendered(folder: Path, *stages: str, split: str = SPLIT) -> list[dict[str, Any]]:
    """The tasks of the stages after the first."""
    text = "job: {pool: spot, id: j}\nstages:\n" + split + "".join(f"  - {{{stage}}}\n" for stage in stages)
    return [task for task in tasks(folder, text) if not task["id"].startswith(("split", "wait_for_split"))]


def waits(task: dict[str, Any]) -> list[str]:
    """The tasks that a task waits for, without the hashes of their ids."""
    return [name.rsplit("-", 1)[0] for name in task["dependsOn"]["taskIds"]]


def test_stage_after_each_task_of_another_has_its_points_and_waits_for_one_task_each(tmp_path: Path) -> None:
    found = rendered(tmp_path, "name: work, after: {stage: split, each: true}, command: 'echo {{ ticker }} {{ day }}'")
    assert [waits(task) for task in found] == [["split-1-A"], ["split-2-A"], ["split-1-B"], ["split-2-B"]]
    assert found[0]["commandLine"] == "/bin/sh -c 'echo A 1'"
    assert found[0]["id"].startswith("work-1-A-")


def test_chunks_follow_through_several_stages(tmp_path: Path) -> None:
    found = rendered(
        tmp_path,
        "name: work, after: {stage: split, each: true}, command: x",
        "name: check, after: {stage: work, each: true}, command: 'echo {{ day }}'",
        "name: merge, after: check, command: x",
    )
    assert waits(found[4]) == ["work-1-A"]
    assert waits(found[8]) == ["check-1-A", "check-2-A", "check-1-B", "check-2-B"]


def test_merge_by_an_axis_has_a_task_for_each_value_which_waits_for_its_group(tmp_path: Path) -> None:
    found = rendered(tmp_path, "name: merge, after: {stage: split, by: ticker}, command: 'echo {{ ticker }}'")
    assert [(task["id"].rsplit("-", 1)[0], waits(task)) for task in found] == [
        ("merge-A", ["split-1-A", "split-2-A"]),
        ("merge-B", ["split-1-B", "split-2-B"]),
    ]


def test_stage_with_a_sweep_of_its_own_waits_for_the_tasks_that_agree_with_it(tmp_path: Path) -> None:
    sweep = "for_each: {product: {ticker: [B], day: [2], seed: [7, 8]}}"
    each, by = (
        rendered(tmp_path, f"name: work, after: [{{stage: split, {form}}}], command: x, {sweep}")
        for form in ("each: true", "by: [day]")
    )
    assert [waits(task) for task in each] == [["split-2-B"], ["split-2-B"]]
    assert [waits(task) for task in by] == [["split-2-A", "split-2-B"]] * 2


def test_whole_stage_and_a_group_can_be_waited_for_together(tmp_path: Path) -> None:
    found = rendered(
        tmp_path,
        "name: one, command: x",
        "name: merge, after: [one, {stage: split, by: ticker}], command: x",
    )
    assert found[1]["dependsOn"]["taskIds"][0] == "one"
    assert waits(found[1])[1:] == ["split-1-A", "split-2-A"]


def test_task_reads_the_outputs_of_its_own_chunk_only(tmp_path: Path) -> None:
    each = rendered(
        tmp_path, "name: w, after: {stage: split, each: true}, command: x, inputs: [{stage: split, to: in}]"
    )
    by = rendered(tmp_path, "name: w, after: {stage: split, by: day}, command: x, inputs: [{stage: split}]")
    assert [[file["blobPrefix"] for file in task["resourceFiles"]] for task in each] == [
        [f"j.RUN/split/{task['dependsOn']['taskIds'][0]}/"] for task in each
    ]
    assert each[0]["resourceFiles"][0]["filePath"] == "in"
    assert [[file["blobPrefix"] for file in task["resourceFiles"]] for task in by] == [
        [f"j.RUN/split/{name}/" for name in task["dependsOn"]["taskIds"]] for task in by
    ]


def test_each_after_a_stage_without_a_sweep_waits_for_its_one_task(tmp_path: Path) -> None:
    found = rendered(
        tmp_path,
        "name: work, after: {stage: split, each: true}, command: x, for_each: {product: {n: [1, 2]}}",
        split="  - {name: split, command: x}\n",
    )
    assert [task["dependsOn"]["taskIds"] for task in found] == [["split"], ["split"]]


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (
            "after: {stage: split, by: tikcer}",
            r"line 4: the sweep of 'split' has no axis 'tikcer'; did you mean ticker\?",
        ),
        (
            "after: {stage: split, by: ticker}, for_each: {product: {n: [1]}}",
            r"line 4: the sweep of 'work' has no axis 'ticker'",
        ),
        (
            "after: {stage: split, by: ticker}, for_each: {product: {ticker: [C]}}",
            r"line 4: task work-C-\w+ waits for tasks of 'split' with ticker=C; none has",
        ),
        ("after: {stage: split, by: ticker, each: true}", "it has either each or by"),
        ("after: {stage: spilt, each: true}", r"line 4: no stage 'spilt' stands before 'work'; did you mean split\?"),
        ("inputs: [{blobs: x, pattern: y}]", "pattern and file belong to an input with stage"),
    ],
)
def test_group_that_cannot_be_is_refused(tmp_path: Path, stage: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rendered(tmp_path, f"name: work, command: x, {stage}")


def test_group_of_too_many_tasks_is_refused(tmp_path: Path) -> None:
    many = "  - {name: split, command: x, for_each: {product: {a: [1], n: {range: [1, 4000]}}}}\n"
    with pytest.raises(
        BadInput, match="line 4: the ids of 4000 tasks of 'split' are too long for one dependency; put a"
    ):
        rendered(tmp_path, "name: merge, after: {stage: split, by: a}, command: x", split=many)


FILES = ["t1/a.csv", "t1/b.json", "t1/deep/c.csv", "t2/a.csv", "t2/a+b.csv"]


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        (["*.csv"], ["t1/a.csv", "t2/a+b.csv", "t2/a.csv"]),
        (["**/*.csv"], ["t1/a.csv", "t1/deep/c.csv", "t2/a+b.csv", "t2/a.csv"]),
        (["deep/?.csv"], ["t1/deep/c.csv"]),
        (["a+b.csv"], ["t2/a+b.csv"]),
        (["*.json", "a.csv"], ["t1/a.csv", "t1/b.json", "t2/a.csv"]),
        (["*.json", None], FILES),
        (["none"], []),
    ],
)
def test_pattern_of_an_input_leaves_the_files_that_match(
    tmp_path: Path, patterns: list[str | None], kept: list[str]
) -> None:
    inputs = [{"stage": "split"} | ({"pattern": pattern} if pattern else {}) for pattern in patterns]
    task = rendered(tmp_path, f"name: w, after: split, command: [find, j, -type, f], inputs: {inputs}")[0]
    for file in FILES:
        path = tmp_path / "node" / "j.RUN" / "split" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    printed = subprocess.check_output(["/bin/sh", "-c", task["commandLine"]], cwd=tmp_path / "node", text=True)
    assert sorted(line.removeprefix("j/split/") for line in printed.splitlines()) == sorted(kept)
