"""The options with which a service is started, against those of one that runs already."""

from pathlib import Path

import pytest

from shoal.local.start_options import StartOptions
from shoal.local.store.database import open_database, wait_for_disk
from shoal.service_status import Status

RUNNING = Status(
    pid=1,
    state_dir="/state",
    batch_endpoint="http://127.0.0.1:8000/shoal",
    account="shoal",
    key="k",
    arm_endpoint="http://127.0.0.1:8000",
    arm_token="t",
    blob_endpoint="http://127.0.0.1:9000/shoalstorage",
    storage_account="shoalstorage",
    storage_key="k",
)


@pytest.mark.parametrize(
    "options",
    [
        StartOptions(),
        StartOptions(port=0),
        StartOptions(port=8000),
        StartOptions(https=False),
        StartOptions(power_safe=False, port=8000),
    ],
)
def test_running_service_that_is_as_wanted_is_no_conflict(options: StartOptions) -> None:
    assert options.conflict(RUNNING) is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (StartOptions(port=8001), "already runs on http://127.0.0.1:8000; to move it to port 8001, stop it first"),
        (
            StartOptions(https=True),
            "already runs on http://127.0.0.1:8000; to change that to the other scheme, stop it first",
        ),
        (StartOptions(power_safe=True), "already runs without --power-safe; to change that, stop it first"),
        (StartOptions(task_users=True), "already runs without --task-users; to change that, stop it first"),
    ],
)
def test_running_service_that_is_otherwise_is_told_in_one_sentence(options: StartOptions, reason: str) -> None:
    sentence = options.conflict(RUNNING)
    assert sentence == f"the service on /state {reason} with `shoal local stop`"


def test_commits_wait_for_the_disk_only_where_that_is_wanted(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "batch.db")
    normal, full = 1, 2
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == normal
    wait_for_disk(connection)
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == full
    connection.close()
