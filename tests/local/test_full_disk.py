"""A full disk ends tasks that need room, and never the service."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.local.disk_reserve import SIZE, DiskReserve
from tests.local.making import sh
from tests.raw import Raw
from tests.services import running_service
from tests.waiting import wait_until

MEGABYTES = 160


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, in memory."""
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_fails_the_task_and_the_service_goes_on(small_disk: Path) -> None:
    with running_service(small_disk / "state") as status:
        raw = Raw(status)
        pool = {"id": "p", "vmSize": "standard_d2s_v3", "targetDedicatedNodes": 1}
        assert raw("POST", "/pools", pool).status == 201
        for job in ("full", "next"):
            assert raw("POST", "/jobs", {"id": job, "poolInfo": {"poolId": "p"}}).status == 201
        task = {"id": "t", "commandLine": sh("dd if=/dev/zero of=big bs=1M")}
        assert raw("POST", "/jobs/full/tasks", task).status == 201
        ended = wait_until(lambda: _ended(raw, "/jobs/full/tasks/t"))
        assert ended is not None
        assert ended["executionInfo"]["exitCode"] == 1

        refused = raw("POST", "/jobs/next/tasks", {"id": "t", "commandLine": "true"})
        assert (refused.status, refused.code) == (503, "DiskFull")
        assert raw("GET", "/jobs/next").body["state"] == "active"

        assert raw("DELETE", "/jobs/full").status == 202
        wait_until(lambda: raw("POST", "/jobs/next/tasks", {"id": "t", "commandLine": "true"}).status == 201)
        ended = wait_until(lambda: _ended(raw, "/jobs/next/tasks/t"))
        assert ended is not None
        assert ended["executionInfo"]["exitCode"] == 0


def _ended(raw: Raw, path: str) -> dict[str, Any] | None:
    body: dict[str, Any] = raw("GET", path).body
    return body if body["state"] == "completed" else None


def test_a_reserve_is_given_up_once_and_made_again(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path / "reserve")
    reserve.refill()
    assert reserve.path.stat().st_size == SIZE
    assert (reserve.give_up(), reserve.give_up()) == (True, False)
    assert reserve.is_short
    reserve.refill()
    assert reserve.path.exists()
    assert not reserve.is_short
