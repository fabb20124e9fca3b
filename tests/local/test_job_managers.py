"""Job manager tasks."""

from pathlib import Path
from typing import Any

from azure.batch import BatchClient

from tests.local.making import (
    completed,
    counts,
    execution,
    failure_code,
    make_job,
    make_pool,
    sh,
    task,
    wait_for_nodes,
    wait_for_state,
)
from tests.raw import Raw
from tests.waiting import wait_until


def manager(command_line: str, **properties: Any) -> dict[str, Any]:
    return {"id": "manager", "commandLine": command_line, **properties}


def test_end_of_the_job_manager_ends_its_job_and_the_other_tasks(
    client: BatchClient, pool: str, name: str, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    make_job(client, name, pool, jobManagerTask=manager(sh(f"until test -e {begun}; do sleep 0.1; done; exit 4")))
    client.create_task(name, task("long", sh(f"touch {begun}; sleep 600")))
    wait_for_state(client, name, "long", "running")
    wait_until(lambda: client.get_job(name).state == "completed")
    info = client.get_job(name).execution_info
    assert info is not None
    assert info.termination_reason == "JMComplete"
    assert execution(client.get_task(name, "manager")).exit_code == 4
    assert failure_code(client.get_task(name, "long")) == "TaskEnded"


def test_job_goes_on_after_a_job_manager_that_does_not_end_it(client: BatchClient, pool: str, name: str) -> None:
    make_job(client, name, pool, jobManagerTask=manager("true", killJobOnCompletion=False))
    completed(client, name, "manager")
    assert client.get_job(name).state == "active"


def test_job_manager_that_is_terminated_ends_its_job(client: BatchClient, name: str) -> None:
    make_job(client, name, "none", jobManagerTask=manager("true"))
    client.terminate_task(name, "manager")
    assert client.get_job(name).state == "completed"


def test_job_manager_keeps_a_job_with_terminatejob_from_ending_at_once(client: BatchClient, name: str) -> None:
    rules = manager("true", killJobOnCompletion=False)
    make_job(client, name, "none", jobManagerTask=rules, onAllTasksComplete="terminatejob")
    assert client.get_job(name).state == "active"
    assert counts(client, name).active == 1


def test_job_manager_has_its_node_for_itself_unless_it_shares(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=4)
    wait_for_nodes(client, name, nodes=1)
    make_job(client, f"{name}-alone", name, jobManagerTask=manager("sleep 600"))
    client.create_task(f"{name}-alone", task("t", "true"))
    wait_for_state(client, f"{name}-alone", "manager", "running")
    (node,) = client.list_nodes(name)
    assert node.running_task_slots_count == 4
    assert client.get_task(f"{name}-alone", "t").state == "active"
    client.begin_delete_job(f"{name}-alone")
    make_job(client, f"{name}-shares", name, jobManagerTask=manager("sleep 600", runExclusive=False))
    client.create_task(f"{name}-shares", task("t", "true"))
    completed(client, f"{name}-shares", "t")
    assert client.get_task(f"{name}-shares", "manager").state == "running"


def test_job_manager_stays_off_spot_nodes_where_it_shall(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=0, targetLowPriorityNodes=1)
    make_job(client, name, name, jobManagerTask=manager("true", allowLowPriorityNode=False))
    client.create_task(name, task("t", "true"))
    completed(client, name, "t")
    assert client.get_task(name, "manager").state == "active"


def test_job_manager_reads_back_with_its_defaults(raw: Raw, name: str) -> None:
    body = {"id": name, "poolInfo": {"poolId": "none"}, "constraints": {"maxTaskRetryCount": 5}}
    raw("POST", "/jobs", {**body, "jobManagerTask": manager("true", constraints={"maxWallClockTime": "PT1H"})})
    assert raw("GET", f"/jobs/{name}").body["jobManagerTask"] == {
        "id": "manager",
        "commandLine": "true",
        "constraints": {"maxWallClockTime": "PT1H", "retentionTime": "P7D", "maxTaskRetryCount": 5},
        "requiredSlots": 1,
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}},
        "runExclusive": True,
        "allowLowPriorityNode": True,
        "killJobOnCompletion": True,
    }
    raw("PATCH", f"/jobs/{name}", {"constraints": {"maxWallClockTime": "PT2H"}})
    read = raw("GET", f"/jobs/{name}").body
    assert read["constraints"]["maxTaskRetryCount"] == 0
    assert read["jobManagerTask"]["constraints"]["maxTaskRetryCount"] == 5
