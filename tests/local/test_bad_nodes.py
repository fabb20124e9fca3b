"""Nodes that come up unusable, or whose start task fails."""

from pathlib import Path

from azure.batch import BatchClient

from shoal.local import chaos
from shoal.local.chaos import Chaos, StartFault
from shoal.local.scheduler import node_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.queries import text
from shoal.service_status import Status
from tests.local.making import completed, execution, make_job, make_pool, run, sh, task, wait_for_nodes
from tests.local.paper import PoolOnPaper
from tests.raw import Raw
from tests.waiting import wait_until

START_TASK = {"commandLine": "/bin/true", "waitForSuccess": True, "maxTaskRetryCount": 1}


def test_each_start_goes_wrong_at_its_share() -> None:
    conditions = Chaos(unusable_share=0.1, start_task_failure_share=0.3, seed=4)
    faults = [chaos.start_fault(conditions, node, 1) for node in range(2000)]
    assert 150 < faults.count(StartFault.UNUSABLE) < 250
    assert 520 < faults.count(StartFault.START_TASK_FAILS) < 680
    assert faults == [chaos.start_fault(conditions, node, 1) for node in range(2000)]
    assert faults != [chaos.start_fault(conditions, node, 2) for node in range(2000)], "another start, another draw"
    assert {chaos.start_fault(Chaos(), node, 1) for node in range(2000)} == {None}


def test_unusable_node_stays_in_its_pool_without_errors_and_can_be_removed(
    service: Status, client: BatchClient, name: str
) -> None:
    with service.chaos(unusable_share=1):
        make_pool(client, name, nodes=0, targetLowPriorityNodes=2)
        lost = wait_for_nodes(client, name, nodes=2, state="unusable")
        wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    assert [node.errors for node in lost] == [None, None]
    pool = client.get_pool(name)
    assert (pool.current_low_priority_nodes, pool.resize_errors) == (2, None)
    client.begin_delete_pool(name, polling_interval=0)
    wait_until(lambda: name not in [pool.id for pool in client.list_pools()])


def test_failed_start_task_is_that_of_a_program_that_failed(
    service: Status, client: BatchClient, raw: Raw, name: str
) -> None:
    with service.chaos(start_task_failure_share=1):
        make_pool(client, name, startTask=START_TASK)
        (node,) = wait_for_nodes(client, name, nodes=1, state="starttaskfailed")
    info = node.start_task_info
    assert info is not None
    assert (info.exit_code, info.result, info.retry_count) == (1, "failure", 1)
    output = raw("GET", f"/pools/{name}/nodes/{node.id}/files/startup%2Fstderr.txt").content
    assert output == b"failed by shoal local chaos, start-task-failure-share\n"


def test_node_without_a_start_task_has_none_that_fails(service: Status, client: BatchClient, name: str) -> None:
    with service.chaos(start_task_failure_share=1):
        make_pool(client, name)
        wait_for_nodes(client, name, nodes=1)


def states(tx: Transaction) -> list[str]:
    return tx.all(text, "SELECT state FROM nodes ORDER BY key")


def test_unusable_node_stays_so_after_the_service_has_started_again(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetLowPriorityNodes = 0;", "PT5M")
    chaos.store(pool.connection, Chaos(unusable_share=0.5, seed=2))
    pool.size(pool.at(0), spot=20)
    before = states(pool.at(1))
    assert 2 < before.count("unusable") < 18
    node_lifecycle.recover(pool.at(2))
    assert [state == "unusable" for state in states(pool.at(3))] == [state == "unusable" for state in before]


def test_task_that_kills_its_agents_fails_in_the_end_and_its_node_goes_on(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    (node,) = wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    client.create_task(name, task("poison", sh("kill -9 $PPID; sleep 60"), constraints={"maxTaskRetryCount": 1}))
    info = execution(completed(client, name, "poison"))
    assert (info.result, info.requeue_count, info.retry_count) == ("failure", 2, 1)
    assert info.failure_info is not None
    assert (info.failure_info.code, info.failure_info.message) == (
        "NodeAgentEnded",
        f"The agent of node {node.id} ended while the task ran, which has happened before; the task may be the cause",
    )
    assert execution(run(client, name, task("good", "true"))).result == "success"
    assert [kept.id for kept in client.list_nodes(name)] == [node.id]
