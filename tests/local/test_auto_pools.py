"""Pools that are made for a job or a schedule."""

import re
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceNotFoundError

from shoal.local.api import definitions
from tests.local.making import VM_SIZE, run, task
from tests.raw import Raw
from tests.waiting import wait_until


def pool_info(name: str, lifetime: str = "job", **more: Any) -> dict[str, Any]:
    pool = {"vmSize": VM_SIZE, "targetDedicatedNodes": 1}
    specification = {"autoPoolIdPrefix": name, "poolLifetimeOption": lifetime, "pool": pool, **more}
    return {"autoPoolSpecification": specification}


def make_job(client: BatchClient, name: str, **more: Any) -> str:
    """Return the id of the job's pool."""
    client.create_job(models.BatchJobCreateOptions({"id": name, "poolInfo": pool_info(name, **more)}))
    return pool_of(client, name)


def pool_of(client: BatchClient, job: str) -> str:
    info = client.get_job(job).execution_info
    assert info is not None
    return str(info.pool_id)


def terminate(client: BatchClient, job: str) -> None:
    client.begin_terminate_job(job, options={"terminateReason": "enough"})  # type: ignore[arg-type]


def is_gone(client: BatchClient, pool: str) -> bool:
    try:
        client.get_pool(pool)
    except ResourceNotFoundError:
        return True
    return False


def test_job_runs_on_a_pool_of_its_own_which_goes_with_it(client: BatchClient, name: str) -> None:
    pool = make_job(client, name)
    assert re.fullmatch(rf"{name}_[0-9A-F]{{8}}(-[0-9A-F]{{4}}){{3}}-[0-9A-F]{{12}}", pool)
    done = run(client, name, task("t", "true"))
    assert done.node_info is not None
    assert done.node_info.pool_id == pool
    terminate(client, name)
    wait_until(lambda: is_gone(client, pool))


def test_pool_of_a_deleted_job_goes_as_well(client: BatchClient, name: str) -> None:
    pool = make_job(client, name)
    client.begin_delete_job(name)
    wait_until(lambda: is_gone(client, pool))


def test_pool_that_is_kept_alive_stays(client: BatchClient, name: str) -> None:
    pool = make_job(client, name, keepAlive=True)
    other = make_job(client, f"{name[:14]}-2")
    for job in (name, f"{name[:14]}-2"):
        terminate(client, job)
    wait_until(lambda: is_gone(client, other))
    assert client.get_pool(pool).state == "active"


def test_jobs_of_a_schedule_share_a_pool_which_goes_with_the_schedule(client: BatchClient, name: str) -> None:
    specification = {"poolInfo": pool_info(name, "jobschedule")}
    body = {"id": name, "schedule": {"recurrenceInterval": "P1D"}, "jobSpecification": specification}
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(body))
    pool = pool_of(client, f"{name}:job-1")
    terminate(client, f"{name}:job-1")
    run_once = models.BatchJobScheduleUpdateOptions({"schedule": {"recurrenceInterval": "P1D", "startWindow": "PT1H"}})
    client.update_job_schedule(name, run_once)
    assert client.get_pool(pool).state == "active"
    client.begin_delete_job_schedule(name)
    wait_until(lambda: is_gone(client, pool))


def test_specification_reads_back_complete_and_survives_an_update(client: BatchClient, raw: Raw, name: str) -> None:
    scaled = {"vmSize": VM_SIZE, "enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes = 0;"}
    pool = make_job(client, name, pool=scaled)
    client.update_job(name, models.BatchJobUpdateOptions(priority=5))
    assert pool_of(client, name) == pool
    read = raw("GET", f"/jobs/{name}").body["poolInfo"]["autoPoolSpecification"]
    assert read["pool"]["autoScaleEvaluationInterval"] == "PT15M"
    assert (read["keepAlive"], read["poolLifetimeOption"], read["autoPoolIdPrefix"]) == (False, "job", name)
    assert read["pool"]["taskSlotsPerNode"] == 1
    assert "id" not in read["pool"]


def test_interval_of_evaluations_is_no_part_of_a_pool_without_a_formula(name: str) -> None:
    job = definitions.job({"id": name, "poolInfo": pool_info(name)}, "2025-06-01")
    assert job.auto_pool is not None
    assert "autoScaleEvaluationInterval" not in job.auto_pool["pool"]


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"autoPoolSpecification": {"poolLifetimeOption": "job"}}, "MissingRequiredProperty"),
        ({**pool_info("x"), "poolId": "p"}, "InvalidPropertyValue"),
        (pool_info("x", "jobschedule"), "InvalidPropertyValue"),
        (pool_info("x" * 21), "InvalidPropertyValue"),
        (pool_info("a b"), "InvalidPropertyValue"),
        (pool_info("x", pool={"vmSize": "x", "taskSlotsPerNode": 0}), "InvalidPropertyValue"),
        (pool_info("x", pool={"vmSize": "x", "id": "mine"}), "UnsupportedProperty"),
    ],
)
def test_pool_that_batch_would_not_make_is_refused(raw: Raw, name: str, info: dict[str, Any], code: str) -> None:
    answer = raw("POST", "/jobs", {"id": name, "poolInfo": info})
    assert (answer.status, answer.code) == (400, code)
