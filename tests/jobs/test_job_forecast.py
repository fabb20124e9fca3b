"""The work that a forecast simulates."""

from pathlib import Path

import pytest

from shoal.jobs.preflight.job_forecast import stage_work
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import bound

JOB = """\
job: {pool: spot}
stages:
  - {name: split, for_each: {product: {n: [1, 2, 3, 4]}}, command: x, slots: 2, skip: exists, outputs: [{pattern: o}]}
  - {name: merge, after: split, command: x}
"""


@pytest.mark.parametrize(
    ("skipped", "expected"),
    [
        ({}, [("split", [], 4, 8), ("merge", ["split"], 1, 1)]),
        ({"split": 3}, [("split", [], 1, 2), ("merge", ["split"], 1, 1)]),
        ({"split": 4}, [("merge", [], 1, 1)]),
        ({"split": 4, "merge": 1}, []),
    ],
)
def test_skipped_tasks_are_no_work(
    tmp_path: Path, skipped: dict[str, int], expected: list[tuple[str, list[str], int, int]]
) -> None:
    work = stage_work(make_plan(bound(tmp_path, JOB)), skipped)
    assert [(stage.name, stage.after, stage.tasks, stage.slots) for stage in work] == expected
