"""Choose the tasks that run again, by the names that were given; pure."""

import pytest

from shoal.runs.retry.choice import Request, choose, stage_of
from shoal.runs.retry.unfinished_work import UnfinishedTask, UnfinishedWork

STAGES = ("square", "sum", "report")


def task(task_id: str, *parents: str, waits: bool = False, satisfies: bool = False) -> UnfinishedTask:
    body = {"id": task_id, "dependsOn": {"taskIds": list(parents)}}
    return UnfinishedTask(job_id="nightly", body=body, failed=not waits, satisfies=satisfies)


def chosen(request: Request, *tasks: UnfinishedTask) -> list[str]:
    work = UnfinishedWork(tasks={one.id.lower(): one for one in tasks}, going_on=frozenset(), in_last_job=0)
    choice = choose(work, request, STAGES)
    assert choice.left_out == len(tasks) - len(choice.tasks)
    return sorted(one.id for one in choice.tasks)


CANCELLED = (
    task("square-1"),
    task("square-2"),
    task("square-3", waits=True),
    task("wait_for_square", "square-0", "square-1", "square-2", "square-3", waits=True),
    task("sum", "wait_for_square", waits=True),
    task("report", "other-stage", waits=True),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(), ["report", "square-1", "square-2", "square-3", "sum", "wait_for_square"]),
        (Request(tasks=["SQUARE-1"]), ["square-1"]),
        (Request(tasks=["square-3"]), ["square-3"]),
        # All that the merge waits for runs again, so it goes on.
        (Request(stages=["square"]), ["square-1", "square-2", "square-3", "sum", "wait_for_square"]),
        (Request(tasks=["square-3"], stages=["report"]), ["report", "square-3"]),
        # It waits for tasks that were not named.
        (Request(stages=["sum"]), []),
    ],
)
def test_named_tasks_bring_along_the_waiting_ones_that_can_run_then(request_: Request, expected: list[str]) -> None:
    assert chosen(request_, *CANCELLED) == expected


def test_failure_that_lets_others_run_does_not_hold_them_back_when_it_stays() -> None:
    tasks = (task("square-1", satisfies=True), task("square-2"), task("sum", "square-1", "square-2", waits=True))
    assert chosen(Request(tasks=["square-2"]), *tasks) == ["square-2", "sum"]


def test_stage_of_a_task_is_the_longest_that_its_id_begins_with() -> None:
    stages = ("a", "a-b", "c")
    assert [stage_of(task_id, stages) for task_id in ("a-1", "a-b-1", "a", "ab", "c")] == ["a", "a-b", "a", "ab", "c"]
