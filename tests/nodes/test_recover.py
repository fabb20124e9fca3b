"""Nodes that fail in a real service, and their recovery while a job is watched or on request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.nodes.pool_nodes import Targets, read_pool
from shoal.nodes.recover import JobRecovery, recover
from shoal.runs.watch import Clock
from shoal.service_status import Status
from tests.environments import services_by_keys_of
from tests.waiting import wait_until

FAILS_ONCE = "/bin/sh -c 'test -e {flag} || {{ touch {flag}; echo network away >&2; exit 4; }}'"
FAILS = "/bin/sh -c 'echo no such tool >&2; exit 3'"


@pytest.fixture
def services(service: Status, name: str) -> Iterator[Services]:
    """Clients for a pool that the test makes, with the id `name`."""
    with services_by_keys_of(service, name, 1) as services:
        yield services
        services.batch.begin_delete_pool(name, polling_interval=0)


def make_pool(services: Services, name: str, command_line: str | None = None, **properties: Any) -> None:
    start_task = {"startTask": {"commandLine": command_line, "waitForSuccess": True}} if command_line else {}
    body = {"id": name, "vmSize": "standard_d2s_v3", "targetDedicatedNodes": 1, **start_task, **properties}
    services.batch.create_pool(models.BatchPoolCreateOptions(body))


def wait_for_states(services: Services, name: str, *states: str) -> list[models.BatchNode]:
    def found() -> list[models.BatchNode]:
        nodes = list(services.batch.list_nodes(name))
        return nodes if [node.state for node in nodes] == list(states) else []

    return wait_until(found)


def test_node_whose_start_task_fails_once_is_rebooted(services: Services, name: str, tmp_path: Path) -> None:
    make_pool(services, name, FAILS_ONCE.format(flag=tmp_path / "flag"))
    (node,) = wait_for_states(services, name, "starttaskfailed")
    lines: list[str] = []
    recover(services, [name], report=lines.append)
    assert lines == [f"pool {name}: rebooting node {node.id}: its start task failed with exit code 4"]
    assert [again.id for again in wait_for_states(services, name, "idle")] == [node.id]


def test_start_task_that_fails_again_stops_the_recovery_with_its_cause(services: Services, name: str) -> None:
    make_pool(services, name, FAILS)
    wait_for_states(services, name, "starttaskfailed")
    lines: list[str] = []
    with pytest.raises(WorkFailed, match="1 of 1 pools have nodes that do not recover"):
        recover(services, [name], report=lines.append)
    assert len(lines) == 2, lines
    assert lines[1] == (
        f"pool {name}: recovery stops, its start task failed with exit code 3; mend the cause and run `shoal up`\n"
        "  | no such tool"
    )


@pytest.mark.parametrize("spot", [False, True])
def test_unusable_node_is_replaced_and_a_fixed_pool_gets_its_target_back(
    service: Status, services: Services, name: str, spot: bool
) -> None:
    kind = "targetLowPriorityNodes" if spot else "targetDedicatedNodes"
    with service.chaos(unusable_share=1):
        targets: dict[str, Any] = {"targetDedicatedNodes": 0, kind: 1}
        make_pool(services, name, **targets)
        (lost,) = wait_for_states(services, name, "unusable")
    lines: list[str] = []
    recover(services, [name], report=lines.append)
    (node,) = wait_for_states(services, name, "idle")
    assert node.id != lost.id
    assert read_pool(services.batch, name).targets == Targets(dedicated=int(not spot), low_priority=int(spot))
    assert [line.partition(": ")[2].partition(" ")[0] for line in lines] == ["replacing", "back"]


def test_job_that_is_watched_recovers_the_nodes_of_its_pool(services: Services, name: str, tmp_path: Path) -> None:
    make_pool(services, name, FAILS_ONCE.format(flag=tmp_path / "flag"))
    services.batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    wait_for_states(services, name, "starttaskfailed")
    lines: list[str] = []
    seconds = iter(range(100))
    recovery = JobRecovery(services, name, report=lines.append, clock=Clock(now=lambda: next(seconds)))
    for _ in range(4):
        recovery.on_waiting_tasks()
    assert lines == [], "not before its time"
    recovery.on_waiting_tasks()
    assert [line.split()[2] for line in lines] == ["rebooting"]
    wait_for_states(services, name, "idle")
    services.batch.begin_delete_job(name, polling_interval=0)
