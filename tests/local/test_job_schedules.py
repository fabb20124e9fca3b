"""Job schedules: when their jobs are due, with a clock of the test's, and their operations, through the client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shoal.local import accounts, times
from shoal.local.api import schedule_definitions
from shoal.local.scheduler import job_lifecycle, job_schedules
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.recurrence import Decision, Recurrence, decide, first_run
from shoal.local.store.database import open_database
from shoal.local.store.job import Job
from shoal.local.store.job_schedule import JobSchedule
from shoal.local.store.states import JobScheduleState, JobState
from tests.local.making import error_code, execution, sh, wait_for_state
from tests.local.paper import NOON
from tests.raw import Raw
from tests.waiting import wait_until

HOUR, MINUTE = 3600, 60


@pytest.mark.parametrize(
    ("recurrence", "next_run", "now", "busy", "expected"),
    [
        # One job, whenever its time has come.
        (Recurrence(), 10, 9, False, Decision(next_run=10)),
        (Recurrence(), 10, 10, False, Decision(run=10)),
        (Recurrence(), None, 11, True, Decision()),
        (Recurrence(), None, 12, False, Decision(ends=True)),
        # One job within a window.
        (Recurrence(window=5), 10, 14, False, Decision(run=10)),
        (Recurrence(window=5), 10, 15, False, Decision(ends=True)),
        # Again and again.
        (Recurrence(interval=100), 10, 10, False, Decision(run=10, next_run=110)),
        (Recurrence(interval=100), 10, 109, False, Decision(run=10, next_run=110)),
        (Recurrence(interval=100), 10, 10, True, Decision(next_run=10)),
        # What is due in one interval is not carried forward into the next.
        (Recurrence(interval=100), 10, 350, False, Decision(run=310, next_run=410)),
        (Recurrence(interval=100), 10, 350, True, Decision(next_run=310)),
        # A window that closes before the other job ends loses its occurrence.
        (Recurrence(interval=100, window=20), 10, 29, True, Decision(next_run=10)),
        (Recurrence(interval=100, window=20), 10, 30, True, Decision(next_run=110)),
        (Recurrence(interval=100, window=20), 10, 130, False, Decision(next_run=210)),
        # After the last moment no job is created, and the schedule ends with the one that is left.
        (Recurrence(interval=100, not_after=50), 10, 50, False, Decision(run=10, next_run=110)),
        (Recurrence(interval=100, not_after=50), 10, 51, True, Decision()),
        (Recurrence(interval=100, not_after=50), 110, 51, False, Decision(ends=True)),
    ],
)
def test_job_is_due_as_the_recurrence_says(
    recurrence: Recurrence, next_run: int | None, now: int, busy: bool, expected: Decision
) -> None:
    assert decide(recurrence, next_run=next_run, now=now, busy=busy) == expected


@pytest.mark.parametrize(
    ("recurrence", "last_run", "expected"),
    [
        (Recurrence(), None, 50),
        (Recurrence(not_until=70), None, 70),
        (Recurrence(not_until=30), None, 50),
        (Recurrence(), 20, None),
        (Recurrence(interval=100), 20, 120),
        (Recurrence(interval=100, not_until=500), 20, 500),
    ],
)
def test_first_run_of_a_schedule_is_now_or_later(
    recurrence: Recurrence, last_run: int | None, expected: int | None
) -> None:
    assert first_run(recurrence, last_run=last_run, now=50) == expected


class ScheduleOnPaper:
    """A schedule in a database without a service around it."""

    def __init__(self, directory: Path, **schedule: str) -> None:
        self.connection = open_database(directory / "state.db")
        accounts.ensure_default(self.connection)
        body = {"id": "s", "schedule": schedule, "jobSpecification": {"poolInfo": {"poolId": "none"}}}
        definition = schedule_definitions.job_schedule(body, "2025-06-01")
        job_schedules.add(self.at(0), accounts.DEFAULT_ACCOUNT, definition)

    def at(self, seconds: float) -> Transaction:
        return Transaction(connection=self.connection, now=NOON + round(seconds * times.SECOND))

    def pass_to(self, seconds: float) -> None:
        job_schedules.pass_time(self.at(seconds))

    def end_job(self, seconds: float) -> None:
        """Terminate the schedule's active job."""
        (job,) = [job for job in self.jobs if job.state is JobState.ACTIVE]
        job_lifecycle.terminate(self.at(seconds), job.key, reason="test")

    @property
    def jobs(self) -> list[Job]:
        return self.at(0).all(Job.from_row, "SELECT * FROM jobs ORDER BY key")

    @property
    def created(self) -> list[tuple[str, float]]:
        """Ids of the jobs, and the seconds when they were created."""
        return [(job.id, (job.created - NOON) / times.SECOND) for job in self.jobs]

    @property
    def record(self) -> JobSchedule:
        return JobSchedule.require(self.connection, accounts.DEFAULT_ACCOUNT, "s")


def test_six_hours_of_an_hourly_schedule_with_one_long_job(tmp_path: Path) -> None:
    paper = ScheduleOnPaper(tmp_path, recurrenceInterval="PT1H", startWindow="PT10M")
    for minute in range(6 * 60):
        paper.pass_to(minute * MINUTE)
        # Jobs take five minutes, but for the second one, which runs past the start of the next hour and its window.
        for job in paper.jobs:
            minutes = 75 if job.id == "s:job-2" else 5
            if job.state is JobState.ACTIVE and NOON + minute * times.MINUTE >= job.created + minutes * times.MINUTE:
                paper.end_job(minute * MINUTE)
    assert paper.created == [
        ("s:job-1", 0),
        ("s:job-2", 1 * HOUR),
        ("s:job-3", 3 * HOUR),
        ("s:job-4", 4 * HOUR),
        ("s:job-5", 5 * HOUR),
    ]


def test_due_job_is_created_when_the_other_one_ends_within_the_window(tmp_path: Path) -> None:
    paper = ScheduleOnPaper(tmp_path, recurrenceInterval="PT1H", startWindow="PT10M")
    paper.pass_to(HOUR)
    assert len(paper.jobs) == 1
    paper.end_job(HOUR + 8 * MINUTE)
    paper.pass_to(HOUR + 8 * MINUTE)
    assert paper.created[1:] == [("s:job-2", HOUR + 8 * MINUTE)]
    assert paper.record.next_run == NOON + 2 * times.HOUR


def test_schedule_completes_when_its_time_is_over_and_its_job_has_ended(tmp_path: Path) -> None:
    after = times.iso(NOON + 90 * times.MINUTE)
    paper = ScheduleOnPaper(tmp_path, recurrenceInterval="PT1H", doNotRunAfter=after)
    paper.end_job(5)
    paper.pass_to(HOUR)
    paper.pass_to(2 * HOUR)
    assert paper.record.state is JobScheduleState.ACTIVE
    paper.end_job(2 * HOUR + 1)
    paper.pass_to(2 * HOUR + 1)
    record = paper.record
    assert (record.state, record.runs, record.next_run) == (JobScheduleState.COMPLETED, 2, None)
    assert record.ended == NOON + 2 * times.HOUR + times.SECOND


def test_disabled_schedule_creates_nothing_and_makes_up_for_the_open_window_when_enabled(tmp_path: Path) -> None:
    paper = ScheduleOnPaper(tmp_path, recurrenceInterval="PT1H", startWindow="PT10M")
    paper.end_job(5)
    job_schedules.disable(paper.at(10), paper.record)
    for hour in range(1, 4):
        paper.pass_to(hour * HOUR)
    assert len(paper.jobs) == 1
    job_schedules.enable(paper.at(3 * HOUR + 5 * MINUTE), paper.record)
    assert paper.created[1:] == [("s:job-2", 3 * HOUR + 5 * MINUTE)]


def test_restarted_service_creates_only_the_latest_of_the_missed_jobs(tmp_path: Path) -> None:
    paper = ScheduleOnPaper(tmp_path, recurrenceInterval="PT1H")
    paper.end_job(5)
    paper.pass_to(5 * HOUR + 30 * MINUTE)
    paper.end_job(5 * HOUR + 31 * MINUTE)
    paper.pass_to(5 * HOUR + 32 * MINUTE)
    assert paper.created[1:] == [("s:job-2", 5 * HOUR + 30 * MINUTE)]
    assert paper.record.next_run == NOON + 6 * times.HOUR


# Through the client.


@pytest.fixture
def schedule(client: BatchClient, raw: Raw, name: str) -> Iterator[str]:
    yield name
    for schedule in client.list_job_schedules(filter=f"startswith(id,'{name}')", select=["id"]):
        raw("DELETE", f"/jobschedules/{schedule.id}", query={"force": "true"})


def add(client: BatchClient, schedule: str, pool: str = "none", job: dict[str, Any] | None = None, **when: Any) -> None:
    body = {"id": schedule, "schedule": when, "jobSpecification": {"poolInfo": {"poolId": pool}, **(job or {})}}
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(body))


def info(client: BatchClient, schedule: str) -> models.BatchJobScheduleExecutionInfo:
    found = client.get_job_schedule(schedule).execution_info
    assert found is not None
    return found


def test_job_of_a_schedule_runs_in_a_directory_of_its_own_and_ends_with_its_manager(
    client: BatchClient, pool: str, schedule: str
) -> None:
    manager = {"id": "m", "commandLine": sh("echo $AZ_BATCH_JOB_ID $AZ_BATCH_TASK_DIR")}
    add(client, schedule, pool, {"jobManagerTask": manager})
    job = f"{schedule}:job-1"
    done = wait_for_state(client, job, "m", "completed")
    assert execution(done).result == "success"
    assert done.node_info is not None
    assert done.node_info.task_root_directory == f"workitems/{schedule}/job-1/m"
    shown = b"".join(client.download_task_file(job, "m", "stdout.txt")).decode().split()
    assert shown[0] == job
    assert shown[1].endswith(f"/workitems/{schedule}/job-1/m")
    wait_until(lambda: client.get_job_schedule(schedule).state == "completed")
    recent = info(client, schedule).recent_job
    assert recent is not None
    assert recent.id == job
    assert [found.id for found in client.list_jobs_from_schedule(schedule)] == [job]
    assert info(client, schedule).end_time is not None


def test_schedule_reads_back_with_the_defaults_of_its_jobs(raw: Raw, schedule: str) -> None:
    when = {"doNotRunUntil": "2050-01-01T12:00:00Z", "recurrenceInterval": "PT02H", "startWindow": "PT1H"}
    specification = {"poolInfo": {"poolId": "none"}, "priority": 1}
    body = {"id": schedule, "displayName": "d", "schedule": when, "jobSpecification": specification}
    answer = raw("POST", "/jobschedules", {**body, "metadata": [{"name": "a", "value": "b"}]})
    assert (answer.status, answer.content) == (201, b"")
    url = f"{raw.status.batch_endpoint}/jobschedules/{schedule}"
    assert answer.headers["location"] == answer.headers["dataserviceid"] == url
    read = raw("GET", f"/jobschedules/{schedule}").body
    created = read.pop("creationTime")
    assert read == {
        "odata.metadata": f"{raw.status.batch_endpoint}/$metadata#jobschedules/@Element",
        "id": schedule,
        "displayName": "d",
        "url": url,
        "eTag": answer.headers["etag"],
        "lastModified": created,
        "state": "active",
        "stateTransitionTime": created,
        "schedule": {"doNotRunUntil": "2050-01-01T12:00:00Z", "recurrenceInterval": "PT2H", "startWindow": "PT1H"},
        "jobSpecification": {
            "priority": 1,
            "maxParallelTasks": -1,
            "allowTaskPreemption": False,
            "usesTaskDependencies": False,
            "constraints": {"maxWallClockTime": times.UNLIMITED, "maxTaskRetryCount": 0},
            "poolInfo": {"poolId": "none"},
            "onAllTasksComplete": "noaction",
            "onTaskFailure": "noaction",
        },
        "executionInfo": {"nextRunTime": "2050-01-01T12:00:00Z"},
        "metadata": [{"name": "a", "value": "b"}],
    }


def test_schedule_exists_only_once_and_shares_its_ids_with_jobs(client: BatchClient, schedule: str) -> None:
    add(client, schedule, recurrenceInterval="P1D")
    assert client.job_schedule_exists(schedule)
    with pytest.raises(ResourceExistsError) as again:
        add(client, schedule.upper())
    with pytest.raises(ResourceExistsError) as job:
        client.create_job(models.BatchJobCreateOptions({"id": schedule, "poolInfo": {"poolId": "none"}}))
    client.create_job(models.BatchJobCreateOptions({"id": f"{schedule}-j", "poolInfo": {"poolId": "none"}}))
    with pytest.raises(ResourceExistsError) as other:
        add(client, f"{schedule}-j")
    codes = [error_code(refusal.value) for refusal in (again, job, other)]
    assert codes == ["JobScheduleExists", "JobScheduleWithSameIdExists", "JobWithSameIdExists"]
    with pytest.raises(ResourceNotFoundError):
        client.job_schedule_exists(f"{schedule}-none")


def test_updates_concern_later_jobs_only(client: BatchClient, schedule: str) -> None:
    add(client, schedule, recurrenceInterval="P1D")
    later = {"poolInfo": {"poolId": "none"}, "priority": 9}
    client.update_job_schedule(schedule, models.BatchJobScheduleUpdateOptions({"jobSpecification": later}))
    read = client.get_job_schedule(schedule)
    assert read.schedule is not None
    assert (read.job_specification.priority, read.schedule.recurrence_interval) == (9, timedelta(days=1))
    assert client.get_job(f"{schedule}:job-1").priority == 0
    read.metadata = None
    read.schedule = models.BatchJobScheduleConfiguration(do_not_run_after=datetime(2050, 1, 1, tzinfo=UTC))
    client.replace_job_schedule(schedule, read)
    replaced = client.get_job_schedule(schedule)
    assert replaced.schedule is not None
    assert replaced.schedule.as_dict() == {"doNotRunAfter": "2050-01-01T00:00:00Z"}
    assert (replaced.metadata, info(client, schedule).next_run_time) == (None, None)
    with pytest.raises(ResourceModifiedError):
        client.replace_job_schedule(schedule, read, etag="0x1", match_condition=MatchConditions.IfNotModified)


def test_schedule_is_disabled_and_enabled(client: BatchClient, schedule: str) -> None:
    add(client, schedule, recurrenceInterval="P1D")
    client.disable_job_schedule(schedule)
    disabled = client.get_job_schedule(schedule)
    assert (disabled.state, disabled.previous_state) == ("disabled", "active")
    assert client.get_job(f"{schedule}:job-1").state == "active"
    with pytest.raises(ResourceExistsError) as refusal:
        client.disable_job_schedule(schedule)
    assert error_code(refusal.value) == "JobScheduleDisabled"
    client.enable_job_schedule(schedule)
    assert client.get_job_schedule(schedule).state == "active"


def test_terminated_schedule_ends_its_job(client: BatchClient, schedule: str) -> None:
    add(client, schedule, recurrenceInterval="P1D")
    client.begin_terminate_job_schedule(schedule, polling_interval=0).wait(20)
    assert client.get_job_schedule(schedule).state == "completed"
    ended = client.get_job(f"{schedule}:job-1").execution_info
    assert ended is not None
    assert ended.termination_reason == "TerminateJobSchedule"
    with pytest.raises(ResourceExistsError) as refusal:
        client.enable_job_schedule(schedule)
    assert error_code(refusal.value) == "JobScheduleCompleted"


def test_deleted_schedule_goes_with_all_of_its_jobs(client: BatchClient, schedule: str) -> None:
    add(client, schedule, recurrenceInterval="P1D")
    client.begin_delete_job_schedule(schedule, polling_interval=0).wait(20)
    for read in (client.get_job_schedule, client.list_jobs_from_schedule, lambda s: client.get_job(f"{s}:job-1")):
        with pytest.raises(ResourceNotFoundError):
            list(read(schedule))


def test_schedules_are_filtered_selected_and_paged(client: BatchClient, schedule: str) -> None:
    for letter in "abc":
        add(client, f"{schedule}-{letter}", recurrenceInterval="P1D")
    client.disable_job_schedule(f"{schedule}-b")
    text = f"state eq 'active' and startswith(id,'{schedule}')"
    found = list(client.list_job_schedules(filter=text, select=["id", "state"]))
    assert [item.as_dict() for item in found] == [{"id": f"{schedule}-{x}", "state": "active"} for x in "ac"]


def test_schedules_are_filtered_by_their_times(client: BatchClient, schedule: str) -> None:
    add(client, f"{schedule}-a", doNotRunUntil="2050-01-01T00:00:00.25Z", doNotRunAfter="2051-01-01T00:00:00Z")
    add(client, f"{schedule}-b", doNotRunUntil="2050-01-01T00:00:00Z")
    client.begin_terminate_job_schedule(f"{schedule}-b", polling_interval=0).wait(20)

    def ids(text: str) -> list[str]:
        found = client.list_job_schedules(filter=f"startswith(id,'{schedule}-') and {text}", select=["id"])
        return [str(item.id).removeprefix(f"{schedule}-") for item in found]

    assert ids("schedule/doNotRunUntil gt datetime'2050-01-01T00:00:00.2Z'") == ["a"]
    assert ids("schedule/doNotRunUntil eq datetime'2050-01-01T00:00:00Z'") == ["b"]
    assert ids("schedule/doNotRunAfter le datetime'2051-01-01T00:00:00Z'") == ["a"]
    assert ids("executionInfo/endTime gt datetime'2020-01-01T00:00:00Z'") == ["b"]


@pytest.mark.parametrize(
    ("when", "job", "code"),
    [
        ({"recurrenceInterval": "PT59S"}, {}, "InvalidPropertyValue"),
        ({"startWindow": "PT1S"}, {}, "InvalidPropertyValue"),
        (
            {"doNotRunUntil": "2050-01-02", "doNotRunAfter": "2050-01-01"},
            {},
            "InvalidPropertyValue",
        ),
        ({"doNotRunUntil": "soon"}, {}, "InvalidPropertyValue"),
        ({}, {"priority": 2000}, "InvalidPropertyValue"),
        ({}, {"id": "mine"}, "UnsupportedProperty"),
        ({}, {"poolInfo": {}}, "MissingRequiredProperty"),
    ],
)
def test_schedule_that_batch_would_not_take_is_refused(
    raw: Raw, schedule: str, when: dict[str, Any], job: dict[str, Any], code: str
) -> None:
    specification = {"poolInfo": {"poolId": "none"}, **job}
    answer = raw("POST", "/jobschedules", {"id": schedule, "schedule": when, "jobSpecification": specification})
    assert (answer.status, answer.code) == (400, code)
