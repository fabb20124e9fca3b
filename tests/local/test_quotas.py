"""Quotas of cores, pools and active jobs, and pools that do not get their nodes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from shoal.local import chaos, times
from shoal.local.api import pools
from shoal.local.chaos import Chaos
from shoal.local.control import running
from shoal.local.scheduler import machine, pool_lifecycle, quotas, scaling
from shoal.local.store.queries import integer
from shoal.local.store.states import AllocationState, NodeDeallocationOption
from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.local.making import error_code, make_job, make_pool, wait_for_nodes
from tests.local.paper import PoolOnPaper
from tests.raw import Raw
from tests.waiting import wait_until

FOUR_CORES = "standard_d4s_v3"
THREE_SPOT = "$TargetLowPriorityNodes = 3;"


@pytest.fixture(scope="module")
def service() -> Iterator[Status]:
    """A service for these tests alone: quotas are the account's, and pools of other tests would use them up."""
    with running() as status:
        yield status


@pytest.fixture(scope="module")
def client(service: Status) -> Iterator[BatchClient]:
    with service.batch_client() as client:
        yield client


def resize_errors(client: BatchClient, pool_id: str) -> list[str | None]:
    """Codes of a pool that is steady."""
    wait_until(lambda: client.get_pool(pool_id).allocation_state == "steady")
    return [error.code for error in client.get_pool(pool_id).resize_errors or ()]


def test_pool_gets_the_nodes_that_fit_into_each_quota_of_cores(service: Status, client: BatchClient, name: str) -> None:
    with service.chaos(low_priority_core_quota=9, dedicated_core_quota=0):
        make_pool(client, name, nodes=1, vmSize=FOUR_CORES, targetLowPriorityNodes=3)
        assert sorted(map(str, resize_errors(client, name))) == [
            "AccountCoreQuotaReached",
            "AccountLowPriorityCoreQuotaReached",
        ]
        pool = client.get_pool(name)
        assert (pool.current_dedicated_nodes, pool.target_dedicated_nodes) == (0, 1)
        assert (pool.current_low_priority_nodes, pool.target_low_priority_nodes) == (2, 3)
        make_pool(client, f"{name}-2", nodes=0, vmSize=FOUR_CORES, targetLowPriorityNodes=1)
        assert resize_errors(client, f"{name}-2") == ["AccountLowPriorityCoreQuotaReached"], "the first has the cores"
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0, target_low_priority_nodes=3)
    client.begin_resize_pool(name, options, polling_interval=0).result()
    wait_for_nodes(client, name, nodes=3)
    assert resize_errors(client, name) == []


def test_dedicated_nodes_of_a_family_share_its_quota(service: Status, client: BatchClient, name: str) -> None:
    with service.chaos(vm_family_core_quota=7):
        make_pool(client, name, nodes=2, vmSize=FOUR_CORES, targetLowPriorityNodes=1)
        assert resize_errors(client, name) == ["AccountVMSeriesCoreQuotaReached"]
        pool = client.get_pool(name)
        assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes) == (1, 1), "Spot nodes do not count"
        assert "standardDSv3Family" in str((pool.resize_errors or [])[0].message)
        make_pool(client, f"{name}-2", nodes=2, vmSize="standard_d2s_v3")
        assert resize_errors(client, f"{name}-2") == ["AccountVMSeriesCoreQuotaReached"], (
            "the first pool has four cores"
        )
        assert client.get_pool(f"{name}-2").current_dedicated_nodes == 1
        make_pool(client, f"{name}-3", nodes=1, vmSize="standard_d4ds_v5")
        assert resize_errors(client, f"{name}-3") == [], "it is of another family"
        account = ArmHttp(service, "shoal").call("GET", f"providers/Microsoft.Batch/batchAccounts/{service.account}")
        shown = account[1]["properties"]
        assert shown["dedicatedCoreQuotaPerVMFamilyEnforced"] is True
        assert {"name": "standardDSv3Family", "coreQuota": 7} in shown["dedicatedCoreQuotaPerVMFamily"]


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("standard_d2_v3", "standardDv3Family"),
        ("Standard_D2s_v3", "standardDSv3Family"),
        ("standard_d96ads_v5", "standardDADSv5Family"),
        ("standard_e8-2ds_v4", "standardEDSv4Family"),
        ("standard_a2m_v2", "standardAv2Family"),
        ("standard_f16", "standardFFamily"),
        ("standard_nc24ads_a100_v4", "standardNCADSv4Family"),
        ("something", "somethingFamily"),
    ],
)
def test_family_of_a_size_is_named_as_in_quotas(size: str, family: str) -> None:
    assert quotas.vm_family(size) == family


def test_arm_shows_quotas_and_why_a_pool_has_too_few_nodes(service: Status, client: BatchClient, name: str) -> None:
    arm = ArmHttp(service, "shoal")
    account = f"providers/Microsoft.Batch/batchAccounts/{service.account}"
    limits = {"dedicated_core_quota": 7, "low_priority_core_quota": 0, "pool_quota": 99, "active_job_quota": 98}
    with service.chaos(**limits):
        shown = arm.call("GET", account)[1]["properties"]
        assert (shown["dedicatedCoreQuota"], shown["lowPriorityCoreQuota"]) == (7, 0)
        assert (shown["poolQuota"], shown["activeJobAndJobScheduleQuota"]) == (99, 98)
        make_pool(client, name, nodes=0, targetLowPriorityNodes=1)
        resize_errors(client, name)
    status = arm.call("GET", f"{account}/pools/{name}")[1]["properties"]["resizeOperationStatus"]
    assert status["targetLowPriorityNodes"] == 1
    assert [error["code"] for error in status["errors"]] == ["AccountLowPriorityCoreQuotaReached"]


def test_account_at_its_quota_takes_no_other_pool_or_active_job(
    service: Status, client: BatchClient, raw: Raw, name: str
) -> None:
    make_pool(client, name, nodes=0)
    make_job(client, name, name)
    there = len(list(client.list_pools())), len(list(client.list_jobs(filter="state eq 'active'")))
    with service.chaos(pool_quota=there[0], active_job_quota=there[1]):
        with pytest.raises(HttpResponseError) as no_pool:
            make_pool(client, f"{name}-2", nodes=0)
        with pytest.raises(HttpResponseError) as no_job:
            make_job(client, f"{name}-2", name)
        raw("POST", f"/jobs/{name}/terminate", {})
        make_job(client, f"{name}-2", name)
    assert (no_pool.value.status_code, error_code(no_pool.value)) == (409, "PoolQuotaReached")
    assert (no_job.value.status_code, error_code(no_job.value)) == (409, "ActiveJobAndScheduleQuotaReached")


def test_machines_that_do_not_come_in_time_are_given_up(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetLowPriorityNodes = 0;", "PT5M")
    chaos.store(pool.connection, Chaos(boot_seconds=3600.0))
    option = NodeDeallocationOption.REQUEUE
    pool_lifecycle.retarget(pool.at(0), pool.key, dedicated=1, low_priority=2, deallocation_option=option)
    pool_lifecycle.time_out(pool.at(899))
    assert pool.record.allocation_state is AllocationState.RESIZING
    pool_lifecycle.time_out(pool.at(900))
    after = pool.record
    assert (after.allocation_state, after.target_low_priority, after.current_low_priority) == ("steady", 2, 0)
    assert [(error["code"], error["message"].split()[3]) for error in pools.view(after, "")["resizeErrors"]] == [
        ("AllocationTimedout", "dedicated"),
        ("AllocationTimedout", "low"),
    ]


def test_timeout_of_a_resize_governs_it_and_is_the_pools_until_the_next_one(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetLowPriorityNodes = 0;", "PT5M")
    scaling.disable(pool.at(0), pool.record)
    chaos.store(pool.connection, Chaos(boot_seconds=3600.0))
    option = NodeDeallocationOption.REQUEUE
    pool_lifecycle.resize(
        pool.at(0), pool.record, dedicated=1, low_priority=0, deallocation_option=option, timeout="PT30M"
    )
    assert pools.view(pool.record, "")["resizeTimeout"] == "PT30M"
    pool_lifecycle.time_out(pool.at(1799))
    assert pool.record.allocation_state == "resizing"
    pool_lifecycle.time_out(pool.at(1800))
    assert pool.record.allocation_state == "steady"
    scaling.enable(pool.at(1801), pool.record, formula=THREE_SPOT, interval=None)
    scaling.evaluate_due(pool.at(1801))
    assert pools.view(pool.record, "")["resizeTimeout"] == "PT15M"


def test_formula_tries_again_at_its_next_evaluation(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, THREE_SPOT, "PT5M")
    chaos.store(pool.connection, Chaos(low_priority_core_quota=1))
    scaling.evaluate_due(pool.at(0))
    assert (pool.record.current_low_priority, len(pool.record.resize_errors)) == (1, 1)
    chaos.store(pool.connection, Chaos())
    scaling.evaluate_due(pool.at(5 * times.MINUTE / times.SECOND))
    assert (pool.record.current_low_priority, pool.record.resize_errors) == (3, ())


def test_pool_gets_no_more_nodes_than_the_memory_of_the_machine_carries(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetDedicatedNodes = 0;", "PT5M")
    most = machine.most_nodes()
    pool.size(pool.at(0), spot=2**31 - 1)
    tx = pool.at(1)
    assert tx.one(integer, "SELECT count(*) FROM nodes") == most
    assert [(error["code"], error["message"]) for error in pool.record.resize_errors] == [
        (
            "AllocationFailed",
            f"Desired number of nodes could not be allocated: this machine has memory for {most} nodes",
        )
    ]
    assert machine.memory() // machine.MEMORY_OF_NODE == most
