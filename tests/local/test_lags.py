"""Task counts and tasks that are behind the job's state."""

from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.local.store.database import open_database
from shoal.local.store.task_count import TaskCount
from shoal.service_status import Status
from tests.local.making import counts, execution, make_job, sh, task
from tests.raw import Raw
from tests.waiting import wait_until

COLUMNS = (
    "key, job, id, definition, slots, max_retries, blockers, created, last_modified, attempt, "
    "state, state_time, previous_state, previous_state_time, result"
)


def finish(client: BatchClient, raw: Raw, job: str) -> None:
    """Add a task that succeeds and one that fails, and wait until their job has completed."""
    client.create_tasks(job, [task("good", sh("true")), task("bad", sh("exit 3"))])
    raw("PATCH", f"/jobs/{job}", {"onAllTasksComplete": "terminatejob"})
    wait_until(lambda: client.get_job(job).state == "completed")


def test_job_is_completed_before_its_tasks_are_shown_so(
    service: Status, client: BatchClient, raw: Raw, pool: str, name: str
) -> None:
    with service.chaos(task_lag_seconds=600):
        make_job(client, name, pool)
        finish(client, raw, name)
        assert {seen.id: seen.state for seen in client.list_tasks(name)} == {"good": "running", "bad": "running"}
        assert {seen.id for seen in client.list_tasks(name, filter="state eq 'running'")} == {"good", "bad"}
        assert list(client.list_tasks(name, filter="executionInfo/result eq 'failure'")) == []
        late = client.get_task(name, "bad")
        info = execution(late)
        assert (late.state, info.exit_code, info.result, info.end_time) == ("running", None, None, None)
        assert info.start_time is not None
        assert counts(client, name).completed == 2, "counts have a lag of their own"
    assert {seen.id: execution(seen).exit_code for seen in client.list_tasks(name)} == {"good": 0, "bad": 3}


def test_counts_are_those_of_a_moment_ago(service: Status, client: BatchClient, raw: Raw, pool: str, name: str) -> None:
    with service.chaos(task_count_lag_seconds=600):
        make_job(client, name, pool)
        finish(client, raw, name)
        behind = counts(client, name)
        assert (behind.active, behind.running, behind.completed, behind.succeeded, behind.failed) == (0, 0, 0, 0, 0)
        assert {seen.state for seen in client.list_tasks(name)} == {"completed"}
    now = counts(client, name)
    assert (now.completed, now.succeeded, now.failed) == (2, 1, 1)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (9, {}),
        (10, {"active": 1}),
        (20, {"active": 1, "running": 1}),
        (30, {"active": 1, "completed success": 1}),
        (40, {"running": 1, "completed success": 1}),
    ],
)
def test_counts_of_a_moment_follow_from_the_times_of_the_states(
    tmp_path: Path, moment: int, expected: dict[str, int]
) -> None:
    connection = open_database(tmp_path / "state.db")
    for row in (
        (1, 1, "done", b"{}", 1, 0, 0, 10, 30, 1, "completed", 30, "running", 20, "success"),
        (2, 1, "late", b"{}", 2, 0, 0, 20, 40, 1, "running", 40, "active", 20, None),
    ):
        connection.execute(f"INSERT INTO tasks ({COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)
    found = TaskCount.of_job_at(connection, 1, moment)
    assert {" ".join(filter(None, (count.state, count.result))): count.tasks for count in found} == expected
