"""Statistics, which a client asks for with `$expand=stats` or by their name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from azure.batch import BatchClient, models

from tests.local.making import execution, make_job, run, sh, task
from tests.raw import Raw
from tests.waiting import wait_until


def test_a_task_shows_how_long_it_waited_and_ran(client: BatchClient, job: str) -> None:
    done = run(client, job, task("t", "sleep 0.2"))
    assert done.task_statistics is None
    statistics = client.get_task(job, "t", expand=["stats"]).task_statistics
    assert statistics is not None
    times = execution(done)
    assert times.start_time is not None
    assert times.end_time is not None
    assert done.creation_time is not None
    assert statistics.wall_clock_time == times.end_time - times.start_time >= timedelta(seconds=0.2)
    assert statistics.wait_time == times.start_time - done.creation_time
    (listed,) = client.list_tasks(job, select=["id", "stats"])
    assert listed.task_statistics is not None
    assert listed.task_statistics.wall_clock_time == statistics.wall_clock_time


def test_a_job_sums_its_tasks(client: BatchClient, raw: Raw, job: str) -> None:
    for number in range(2):
        run(client, job, task(f"good-{number}", "sleep 0.1"))
    run(client, job, task("bad", sh("exit 1"), constraints={"maxTaskRetryCount": 2}))
    assert client.get_job(job).job_statistics is None
    statistics = client.get_job(job, expand=["stats"]).job_statistics
    assert statistics is not None
    counted = statistics.succeeded_tasks_count, statistics.failed_tasks_count, statistics.task_retries_count
    assert counted == (2, 1, 2)
    runs = [execution(done) for done in client.list_tasks(job)]
    total = sum((info.end_time - info.start_time for info in runs if info.end_time and info.start_time), timedelta())
    assert statistics.wall_clock_time == total
    (listed,) = client.list_jobs(filter=f"id eq '{job}'", expand=["stats"])
    assert listed.job_statistics is not None
    assert listed.job_statistics.wall_clock_time == total
    stats: dict[str, Any] = raw("GET", f"/jobs/{job}", query={"$expand": "stats"}).body["stats"]
    assert stats["numSucceededTasks"] == "2"
    assert "userCPUTime" not in stats


def test_an_empty_job_has_empty_statistics(client: BatchClient, name: str, pool: str) -> None:
    make_job(client, name, pool)
    statistics = client.get_job(name, expand=["stats"]).job_statistics
    assert statistics is not None
    assert (statistics.succeeded_tasks_count, statistics.wait_time) == (0, timedelta())


def test_a_schedule_sums_the_tasks_of_its_jobs(client: BatchClient, name: str, pool: str) -> None:
    manager = {"id": "m", "commandLine": "true", "runExclusive": False}
    body = {
        "id": name,
        "schedule": {"doNotRunAfter": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        "jobSpecification": {"poolInfo": {"poolId": pool}, "jobManagerTask": manager},
    }
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(body))

    def succeeded() -> int:
        statistics = client.get_job_schedule(name, expand=["stats"]).job_schedule_statistics
        assert statistics is not None
        return statistics.succeeded_tasks_count

    wait_until(lambda: succeeded() == 1)
    (listed,) = [found for found in client.list_job_schedules(expand=["stats"]) if found.id == name]
    assert listed.job_schedule_statistics is not None
    assert listed.job_schedule_statistics.succeeded_tasks_count == 1
    client.begin_delete_job_schedule(name)
