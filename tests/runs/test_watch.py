import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from azure.batch import models
from azure.core.exceptions import ServiceRequestError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.run_record import RunRecord, StageContent, to_metadata
from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.progress import Counts, Snapshot
from shoal.runs.watch import Clock, watch
from tests.environments import services_on
from tests.runs.batch_jobs import add_job, after, after_range, task
from tests.services import running_service, start_service, stop_service

CONTINUE = {"exitConditions": {"default": {"dependencyAction": "satisfy"}}}


def watched(services: Services, name: str) -> tuple[JobEnding, list[Snapshot]]:
    seen: list[Snapshot] = []
    ending = watch(BatchJobQueries(services.batch, name), on_snapshot=seen.append, on_silence=lambda _: None)
    return ending, seen


def test_job_is_followed_to_its_end(services: Services, name: str) -> None:
    add_job(services, name, *(task(f"t{i}", "sleep 0.2") for i in range(12)))
    ending, seen = watched(services, name)
    assert ending == JobEnding(counts=Counts(succeeded=12), reason="AllTasksComplete", blocked=False)
    assert ending.succeeded
    assert all(snapshot.counts.total == 12 for snapshot in seen)


def test_failed_tasks_make_an_ending_that_did_not_succeed(services: Services, name: str) -> None:
    add_job(services, name, task("good", "true"), task("bad", "exit 3"))
    ending, _ = watched(services, name)
    assert (ending.counts, ending.succeeded) == (Counts(succeeded=1, failed=1), False)


def test_watch_ends_when_only_tasks_behind_failed_ones_are_left(services: Services, name: str) -> None:
    add_job(
        services,
        name,
        task("bad", "exit 1"),
        task("slow", "sleep 1"),
        task("behind", "true", **after("bad")),
        task("further", "true", **after("behind", "slow")),
    )
    ending, _ = watched(services, name)
    assert (ending.counts, ending.blocked) == (Counts(active=2, succeeded=1, failed=1), True)


def test_exit_conditions_decide_which_tasks_behind_a_failed_one_are_waited_for(services: Services, name: str) -> None:
    mixed = {
        "exitConditions": {
            "exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "block"}}],
            "exitCodeRanges": [{"start": 5, "end": 9, "exitOptions": {"dependencyAction": "block"}}],
            "default": {"dependencyAction": "satisfy"},
        }
    }
    parents = {"by-code": 3, "by-range": 7, "by-default": 4}
    add_job(
        services,
        name,
        *(task(parent, f"exit {code}", **mixed) for parent, code in parents.items()),
        *(task(f"after-{parent}", "true", **after(parent)) for parent in parents),
    )
    ending, _ = watched(services, name)
    assert (ending.counts, ending.blocked) == (Counts(active=2, succeeded=1, failed=3), True)
    assert ending.reason == "the tasks that are left wait for tasks that failed"


def test_watch_ends_when_only_tasks_behind_a_range_with_a_failed_task_are_left(services: Services, name: str) -> None:
    add_job(
        services,
        name,
        task("1", "true"),
        task("02", "exit 1"),
        task("whole", "true", **after_range(1, 1)),
        task("broken", "true", **after_range(1, 2)),
    )
    ending, _ = watched(services, name)
    assert (ending.counts, ending.blocked) == (Counts(active=1, succeeded=2, failed=1), True)
    assert ending.reason == "the tasks that are left wait for tasks that do not satisfy them or do not exist"


def test_job_with_fewer_tasks_than_were_submitted_did_not_succeed(services: Services, name: str) -> None:
    add_job(services, name, task("kept", "true"))
    queries = BatchJobQueries(services.batch, name)
    ending = watch(queries, on_snapshot=lambda _: None, on_silence=lambda _: None, expected=2)
    assert (ending.counts, ending.succeeded) == (Counts(succeeded=1), False)
    assert ending.problem == "0 of 2 tasks failed, 0 never ran, 1 are not in the job any more"


def test_watch_after_a_submission_that_broke_off_did_not_succeed(services: Services, name: str) -> None:
    record = RunRecord(
        run_id="r", run_name="r", job_digest="", stages={"s": StageContent(tasks=3), "t": StageContent(tasks=1)}
    )
    pool = models.BatchPoolInfo(pool_id=services.environment.pools["spot"].id)
    services.batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=pool, metadata=to_metadata(record)))
    services.batch.create_task(name, models.BatchTaskCreateOptions(id="a", command_line="true"))
    ending = watch(
        BatchJobQueries(services.batch, name),
        on_snapshot=lambda _: None,
        on_silence=lambda _: None,
        clock=Clock(sleep=lambda _: time.sleep(0.1)),
    )
    assert (ending.counts, ending.succeeded) == (Counts(succeeded=1), False)
    assert ending.reason == "the submission broke off before its last task; submit the file again"
    assert ending.problem == "0 of 4 tasks failed, 0 never ran, 3 are not in the job any more"


def test_tasks_that_may_run_after_a_failure_are_waited_for(services: Services, name: str) -> None:
    add_job(services, name, task("bad", "exit 1", **CONTINUE), task("next", "sleep 0.5", **after("bad")))
    ending, _ = watched(services, name)
    assert (ending.counts, ending.blocked) == (Counts(succeeded=1, failed=1), False)


def test_job_that_nobody_told_to_end_is_done_when_its_counts_stay(services: Services, name: str) -> None:
    add_job(services, name, task("only", "true"), ends=False)
    ending, seen = watched(services, name)
    assert ending.counts == Counts(succeeded=1)
    assert [snapshot.counts for snapshot in seen[-3:]] == [Counts(succeeded=1)] * 3


def test_job_that_does_not_exist_is_bad_input(services: Services) -> None:
    with pytest.raises(BadInput, match="there is no job 'nothing'; `shoal jobs` lists them"):
        watched(services, "nothing")


def test_watch_goes_on_after_the_service_was_killed_and_came_back(tmp_path: Path, name: str) -> None:
    with running_service(tmp_path) as status, services_on(status) as services:
        add_job(services, name, *(task(f"t{i}", "sleep 0.3") for i in range(16)))
        silent = threading.Event()

        def restart() -> None:
            silent.wait(30)
            start_service(tmp_path)

        starter = threading.Thread(target=restart)
        starter.start()
        seen: list[Snapshot] = []

        def on_snapshot(snapshot: Snapshot) -> None:
            if not seen:
                stop_service(status, signal.SIGKILL)
            seen.append(snapshot)

        queries = BatchJobQueries(services.batch, name)
        ending = watch(queries, on_snapshot=on_snapshot, on_silence=lambda _: silent.set())
        starter.join()
        assert silent.is_set()
        assert ending.counts == Counts(succeeded=16)


def test_service_that_stays_away_is_given_up_after_five_minutes(tmp_path: Path, name: str) -> None:
    with running_service(tmp_path) as status, services_on(status) as services:
        passed = [0.0]
        clock = Clock(now=lambda: passed[0], sleep=lambda _: passed.__setitem__(0, passed[0] + 60))
        silences: list[timedelta] = []
        queries = BatchJobQueries(services.batch, name)
        stop_service(status)
        with pytest.raises(ServiceRequestError):
            watch(queries, on_snapshot=lambda _: None, on_silence=silences.append, clock=clock)
        assert [silence.total_seconds() for silence in silences] == [0, 60, 120, 180, 240, 300]
