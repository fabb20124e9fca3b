"""The order of tasks that depend on others. A task `gate` that sleeps holds things back where an order must be seen."""

from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.local.making import completed, counts, error_code, execution, make_job, run, task, wait_for_completed
from tests.raw import Raw

FAILURE_SATISFIES = {"default": {"dependencyAction": "satisfy"}}
SUCCESS_BLOCKS = {"exitCodes": [{"code": 0, "exitOptions": {"dependencyAction": "block"}}]}


@pytest.fixture
def job(client: BatchClient, pool: str, name: str) -> str:
    make_job(client, name, pool, usesTaskDependencies=True)
    return name


def after(*task_ids: str) -> dict[str, Any]:
    return {"taskIds": list(task_ids)}


def ranges(*spans: tuple[int, int]) -> dict[str, Any]:
    return {"taskIdRanges": [{"start": start, "end": end} for start, end in spans]}


def add(client: BatchClient, job: str, task_id: str, command_line: str = "true", **properties: Any) -> None:
    client.create_task(job, task(task_id, command_line, **properties))


def assert_waits(client: BatchClient, job: str, task_id: str) -> None:
    """Another task that was added later has run meanwhile."""
    run(client, job, task(f"{task_id}-meanwhile", "true"))
    assert client.get_task(job, task_id).state == "active"


def test_child_starts_after_all_its_parents_have_ended(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=after("a", "b"))
    add(client, job, "a")
    completed(client, job, "a")
    assert_waits(client, job, "child")
    add(client, job, "b", "sleep 0.2")
    started = execution(completed(client, job, "child")).start_time
    ended = execution(client.get_task(job, "b")).end_time
    assert started is not None
    assert ended is not None
    assert ended <= started


def test_parents_that_have_succeeded_before_do_not_hold_a_child_back(client: BatchClient, job: str) -> None:
    run(client, job, task("Parent", "true"))
    run(client, job, task("child", "true", dependsOn=after("pARENT", "Parent", "parent")))


def test_chain_runs_in_order(client: BatchClient, job: str) -> None:
    links = [task("t0", "true"), *(task(f"t{i}", "true", dependsOn=after(f"t{i - 1}")) for i in range(1, 30))]
    client.create_tasks(job, links)
    completed(client, job, "t29")
    starts = [execution(client.get_task(job, f"t{i}")).start_time for i in range(30)]
    assert starts == sorted(start for start in starts if start is not None)


def test_many_children_of_one_parent_all_run(client: BatchClient, job: str) -> None:
    client.create_tasks(job, [task(f"c{i}", "true", dependsOn=after("parent")) for i in range(150)])
    add(client, job, "parent")
    wait_for_completed(client, job, 151)


@pytest.mark.parametrize("dependencies", [after("self"), after("nobody"), ranges((7, 7))])
def test_child_of_itself_or_of_nobody_waits(client: BatchClient, job: str, dependencies: dict[str, Any]) -> None:
    add(client, job, "self", dependsOn=dependencies)
    assert_waits(client, job, "self")


@pytest.mark.parametrize(
    ("command_line", "conditions", "runs"),
    [
        ("true", {}, True),
        ("false", {}, False),
        ("no-such-program", {}, False),
        ("false", FAILURE_SATISFIES, True),
        ("no-such-program", FAILURE_SATISFIES, True),
        ("no-such-program", {"preProcessingError": {"dependencyAction": "Satisfy"}}, True),
        ("true", SUCCESS_BLOCKS, False),
        ("/bin/sh -c 'exit 7'", {"exitCodes": [{"code": 7, "exitOptions": {"dependencyAction": "satisfy"}}]}, True),
        (
            "/bin/sh -c 'exit 7'",
            {"exitCodeRanges": [{"start": 5, "end": 8, "exitOptions": {"dependencyAction": "satisfy"}}]},
            True,
        ),
        (
            "/bin/sh -c 'exit 9'",
            {"exitCodeRanges": [{"start": 5, "end": 8, "exitOptions": {"dependencyAction": "satisfy"}}]},
            False,
        ),
    ],
)
def test_parents_end_satisfies_its_child_as_its_exit_conditions_say(
    client: BatchClient, job: str, command_line: str, conditions: dict[str, Any], runs: bool
) -> None:
    add(client, job, "child", dependsOn=after("parent"))
    run(client, job, task("parent", command_line, exitConditions=conditions))
    if runs:
        completed(client, job, "child")
    else:
        assert_waits(client, job, "child")


def test_terminated_parent_blocks_its_child(client: BatchClient, job: str) -> None:
    add(client, job, "parent", "sleep 600")
    add(client, job, "child", dependsOn=after("parent"))
    client.terminate_task(job, "parent")
    assert_waits(client, job, "child")


def test_parent_satisfies_after_its_last_retry_only(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=after("parent"))
    limits = {"maxTaskRetryCount": 2}
    run(client, job, task("parent", "false", constraints=limits, exitConditions=FAILURE_SATISFIES))
    assert execution(client.get_task(job, "parent")).retry_count == 2
    completed(client, job, "child")


def test_failed_parent_that_is_reactivated_and_succeeds_lets_its_child_run(client: BatchClient, job: str) -> None:
    mark = "/bin/sh -c 'm=$AZ_BATCH_NODE_ROOT_DIR/../$AZ_BATCH_JOB_ID; test -e $m || { touch $m; exit 1; }'"
    add(client, job, "child", dependsOn=after("parent"))
    run(client, job, task("parent", mark))
    assert_waits(client, job, "child")
    client.reactivate_task(job, "parent")
    completed(client, job, "child")


def test_range_waits_for_every_integer_in_it(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=ranges((3, 5)))
    for task_id in ("3", "5", "4x", "x4"):
        run(client, job, task(task_id, "true"))
    assert_waits(client, job, "child")
    add(client, job, "004")
    completed(client, job, "child")


def test_any_spelling_of_an_integer_satisfies_a_range_once(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=ranges((4, 5)))
    run(client, job, task("04", "true"))
    run(client, job, task("4", "true"))
    assert_waits(client, job, "child")
    run(client, job, task("0005", "true"))
    completed(client, job, "child")


def test_failed_spelling_of_an_integer_does_not_spoil_another(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=ranges((4, 4)))
    run(client, job, task("4", "false"))
    assert_waits(client, job, "child")
    add(client, job, "04")
    completed(client, job, "child")


def test_ranges_may_overlap_repeat_and_stand_beside_ids(client: BatchClient, job: str) -> None:
    run(client, job, task("2", "true"))
    both = {**after("a", "3"), **ranges((1, 3), (2, 4), (1, 3))}
    add(client, job, "child", dependsOn=both)
    for task_id in ("1", "3", "4"):
        run(client, job, task(task_id, "true"))
    assert_waits(client, job, "child")
    add(client, job, "a")
    completed(client, job, "child")


def test_range_of_all_integers_costs_nothing_and_waits(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=ranges((0, 2**31 - 1)))
    assert_waits(client, job, "child")


def test_deleted_child_leaves_nothing_that_later_tasks_could_trip_over(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn={**after("parent"), **ranges((1, 9))})
    client.delete_task(job, "child")
    add(client, job, "other", dependsOn=after("late"))
    for task_id in ("parent", "1", "2"):
        run(client, job, task(task_id, "true"))
    assert_waits(client, job, "other")
    add(client, job, "late")
    completed(client, job, "other")


def test_dependencies_need_a_job_that_uses_them(raw: Raw, client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    with pytest.raises(HttpResponseError) as refusal:
        add(client, name, "child", dependsOn=after("parent"))
    assert (refusal.value.status_code, error_code(refusal.value)) == (400, "UnsupportedProperty")


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [
        (after(*(f"{i:064}" for i in range(1001))), "TaskDependencyListTooLong"),
        (ranges(*((1, number) for number in range(20_000, 40_000))), "TaskDependencyRangesTooLong"),
        (ranges((2, 1)), "InvalidPropertyValue"),
        (ranges((1, 2**31)), "InvalidPropertyValue"),
    ],
)
def test_dependencies_that_batch_would_not_take_are_refused(
    client: BatchClient, job: str, dependencies: dict[str, Any], code: str
) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        add(client, job, "child", dependsOn=dependencies)
    assert (refusal.value.status_code, error_code(refusal.value)) == (400, code)


def test_blocked_child_keeps_the_job_from_being_complete(client: BatchClient, job: str) -> None:
    add(client, job, "child", dependsOn=after("parent"))
    run(client, job, task("parent", "false"))
    client.update_job(job, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    assert_waits(client, job, "child")
    assert client.get_job(job).state == "active"
    assert counts(client, job).active == 1
