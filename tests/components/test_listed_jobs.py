"""Pools that follow their tasks are scaled for the task slots of the jobs that the stack lists."""

from pathlib import Path
from typing import Any

import pytest

from components.settings.listed_jobs import with_slots_of_jobs

POOL: dict[str, Any] = {"name": "spot", "vm_size": "standard_d4s_v5", "task_slots_per_node": 8}


def scaled(folder: Path, *files: str, **pool: Any) -> float | None:
    jobs = [{"file": f"{index}.yaml"} for index, _ in enumerate(files)]
    for index, text in enumerate(files):
        (folder / f"{index}.yaml").write_text(text)
    [result] = with_slots_of_jobs([{**POOL, **pool}], jobs, folder)
    return result.get("slots_per_task")


def job(*slots: object, pool: str = "spot") -> str:
    stages = "".join(
        f"  - {{name: s{n}, command: c{f', slots: {one}' if one else ''}}}\n" for n, one in enumerate(slots)
    )
    return f"job: {{pool: {pool}}}\nstages:\n{stages}"


@pytest.mark.parametrize(
    ("files", "pool", "expected"),
    [
        ([job(4)], {}, 4.0),
        ([job(4, 4), job(4)], {}, 4.0),
        ([job(4), job(2, pool="other")], {}, 4.0),
        ([job(4, None)], {}, None),  # a stage of one slot beside
        ([job(4), job(2)], {}, None),
        ([job(1)], {}, None),
        ([job("'{{ size }}'")], {}, None),
        ([job(4, "'{{ size }}'")], {}, None),
        ([job(9)], {}, None),  # no node has as many: `plan` refuses the job
        ([job(4)], {"slots_per_task": 1.5}, 1.5),
        ([job(4)], {"spot_nodes": 3}, None),
        ([job(4)], {"auto_scale_formula": "$TargetDedicatedNodes = 1;"}, None),
        ([], {}, None),
        (["{"], {}, None),
        (["stages: 5\njob: {pool: spot}"], {}, None),
        (["[]"], {}, None),
    ],
)
def test_pool_takes_the_number_that_all_its_stages_agree_on(
    files: list[str], pool: dict[str, Any], expected: float | None, tmp_path: Path
) -> None:
    assert scaled(tmp_path, *files, **pool) == expected


def test_missing_file_changes_nothing(tmp_path: Path) -> None:
    assert with_slots_of_jobs([POOL], [{"file": "none.yaml"}, {}], tmp_path) == [POOL]
