"""Comments while a job is watched: when they are made, and that each is made once."""

import itertools
import re
from typing import Any

from azure.batch import models

from shoal.connect import Services
from shoal.runs.progress import Counts, Snapshot
from shoal.runs.why.commentary import (
    AGAIN_SECONDS,
    FAILURES_SECONDS,
    STILL_SECONDS,
    Commentary,
    Watch,
    after,
    has_failures,
    stands_still,
)
from tests.local.making import make_job, make_pool, sh, task, wait_for_completed


def snapshot(at: float, **counts: int) -> Snapshot:
    return Snapshot(at=at, counts=Counts(**counts), job_state="active")


def test_job_stands_still_once_nothing_has_changed_for_some_seconds() -> None:
    past = after(Watch(), snapshot(100, active=4, succeeded=1))
    assert not stands_still(past, 100 + STILL_SECONDS - 0.1)
    assert stands_still(past, 100 + STILL_SECONDS)
    moved = after(past, snapshot(104, active=3, succeeded=2))
    assert not stands_still(moved, 100 + STILL_SECONDS)


def test_job_with_a_running_task_or_without_waiting_ones_does_not_stand_still() -> None:
    for counts in ({"active": 4, "running": 1}, {"succeeded": 4}):
        assert not stands_still(after(Watch(), snapshot(100, **counts)), 200)


def test_failures_are_looked_at_when_there_are_more_and_seldom() -> None:
    going_on = Counts(failed=3, running=1)
    past = Watch(counts=going_on, failed=2, next_failures=100 + FAILURES_SECONDS)
    assert not has_failures(past, 100)
    assert has_failures(past, 100 + FAILURES_SECONDS)
    assert not has_failures(Watch(counts=going_on, failed=3), 1000)
    assert not has_failures(Watch(counts=Counts(failed=3)), 1000), "the end of a job has its own report"


def comments(services: Services, name: str, counts: dict[str, Any], seconds: float) -> list[str]:
    """Return the comments on a job whose counts stay as they are for so long."""
    lines: list[str] = []
    commentary = Commentary(services, name, report=lines.append)
    for at in itertools.takewhile(lambda at: at < seconds, itertools.count(0.0, 1.0)):
        commentary.on_snapshot(snapshot(at, **counts))
    return lines


def test_reason_is_told_once_while_it_stays_the_same(services: Services, name: str) -> None:
    make_pool(services.batch, name, nodes=0)
    make_job(services.batch, name, name)
    services.batch.create_task(name, task("t", "true"))
    assert comments(services, name, {"active": 1}, STILL_SECONDS) == []
    assert comments(services, name, {"active": 1}, STILL_SECONDS + 3 * AGAIN_SECONDS) == [
        f"job {name} waits: pool {name} has no nodes: it has a fixed size of none; "
        "next: set spotNodes or dedicatedNodes in the stack's file, and `shoal up`"
    ]


def test_each_kind_of_failure_is_told_once(services: Services, name: str) -> None:
    pool = services.environment.pools["spot"].id
    make_job(services.batch, name, pool)
    alike = [task(f"t-{number}", sh(f"echo no row {number} >&2; exit 9")) for number in range(3)]
    services.batch.create_tasks(name, [*alike, models.BatchTaskCreateOptions(id="x", command_line=sh("exit 137"))])
    wait_for_completed(services.batch, name, 4)
    lines = comments(services, name, {"failed": 4, "running": 1}, 3 * FAILURES_SECONDS)
    reasons = sorted(re.sub(r"t-\d|row \d", "N", line) for line in lines)
    assert reasons == [
        "failed: N: exit code 9 (no N)",
        "failed: x: exit code 137: killed (SIGKILL), mostly because the node ran out of memory",
    ]
