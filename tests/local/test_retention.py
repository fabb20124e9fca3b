"""The files of a task at the end of its retention time."""

import time
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from shoal.local.node.retention import Kept, Retention, due
from shoal.service_status import Status
from tests.local.making import completed, error_code, execution, read, run, sh, task, wait_for_state
from tests.waiting import wait_until

SHORT = {"constraints": {"retentionTime": "PT1S"}}


def directory(service: Status, done: models.BatchTask) -> Path:
    assert done.node_info is not None
    assert done.node_info.node_id is not None
    assert done.node_info.task_root_directory is not None
    return Path(service.state_dir) / "nodes" / done.node_info.node_id / done.node_info.task_root_directory


def test_files_are_deleted_on_the_node_after_the_retention_time(client: BatchClient, service: Status, job: str) -> None:
    kept = run(client, job, task("kept", "echo kept"))
    gone = run(client, job, task("gone", "echo gone", **SHORT))
    wait_until(lambda: not directory(service, gone).exists())
    ended = execution(gone).end_time
    assert ended is not None
    assert time.time() >= ended.timestamp() + 1
    with pytest.raises(HttpResponseError) as refused:
        list(client.list_task_files(job, "gone"))
    assert (refused.value.status_code, error_code(refused.value)) == (409, "TaskFilesCleanedup")
    assert client.get_task(job, "gone").state == "completed"
    assert directory(service, kept).is_dir()
    assert read(client, job, "kept") == b"kept\n"


def test_a_retention_time_can_change_while_the_task_runs(client: BatchClient, service: Status, job: str) -> None:
    client.create_task(job, task("t", sh("until test -e ../go; do sleep 0.05; done")))
    running = wait_for_state(client, job, "t", "running")
    running.constraints = models.BatchTaskConstraints(SHORT["constraints"])
    client.replace_task(job, "t", running)
    path = directory(service, running)
    wait_until(path.is_dir)
    (path / "go").touch()
    completed(client, job, "t")
    wait_until(lambda: not path.exists())


def test_a_later_agent_of_the_node_takes_up_what_is_due(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    earlier = Retention(root=tmp_path, folder=tmp_path / "notes")
    earlier.take_up()
    earlier.note([Kept("a", ended=0, retention=1.0)])
    later = Retention(root=tmp_path, folder=tmp_path / "notes")
    later.take_up()
    assert later.next_moment == earlier.next_moment
    wait_until(lambda: time.time() > later.next_moment)
    later.delete(later.take_due())
    assert not (tmp_path / "a").exists()
    assert list((tmp_path / "notes").iterdir()) == []


def test_a_directory_that_a_later_run_has_made_anew_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    retention = Retention(root=tmp_path, folder=tmp_path / "notes")
    retention.take_up()
    retention.note([Kept("a", ended=time.time_ns() // 1000, retention=0.0)])
    time.sleep(0.01)
    (tmp_path / "a" / "stdout.txt").touch()
    retention.delete(retention.moments)
    assert (tmp_path / "a").is_dir()


@pytest.mark.parametrize(("retention", "moment"), [(0.0, 101), (59.0, 160), (60.0, 180), (7 * 24 * 3600.0, 608_400)])
def test_directories_are_due_together_but_never_too_early(retention: float, moment: int) -> None:
    assert due(Kept("a", ended=100_500_000, retention=retention)) == moment
