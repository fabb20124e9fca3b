"""A service that is killed again and again while a client goes on submitting: nothing is lost, or done twice."""

import http.client
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from shoal.local import control
from shoal.service_status import Status, is_running, process_id
from tests.local.making import make_job, make_pool
from tests.raw import Raw
from tests.services import batch_client, start_service
from tests.waiting import wait_until

CHUNK = 10


class Submitter(threading.Thread):
    """A client that sends a collection again until it has an answer, and then the next one."""

    def __init__(self, status: Status, runs: Path) -> None:
        super().__init__()
        self.raw = Raw(status)
        self.command = f"/bin/sh -c 'echo . >> {runs}/$AZ_BATCH_TASK_ID'"
        self.acknowledged: list[str] = []
        self.refusals: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.05):
            first = len(self.acknowledged)
            ids = [f"t{number}" for number in range(first, first + CHUNK)]
            if self._submit(ids):
                self.acknowledged += ids

    def _submit(self, ids: list[str]) -> bool:
        tasks = [{"id": task_id, "commandLine": self.command} for task_id in ids]
        try:
            answer = self.raw("POST", "/jobs/job/addtaskcollection", {"value": tasks})
        except (OSError, http.client.HTTPException):
            return False  # killed before, or in the midst of, the answer
        results = answer.body["value"] if answer.status == 200 else []
        bad = [
            result for result in results if result["status"] != "Success" and result["error"]["code"] != "TaskExists"
        ]
        self.refusals += [str(refusal) for refusal in bad]
        return answer.status == 200


@pytest.mark.parametrize(
    "kills", [pytest.param(20, marks=pytest.mark.story), pytest.param(100, marks=pytest.mark.soak)]
)
def test_no_task_is_lost_or_run_again_after_it_was_completed_however_often_the_service_is_killed(
    kills: int, tmp_path: Path
) -> None:
    random, state, runs = Random(kills), tmp_path / "state", tmp_path / "runs"
    runs.mkdir()
    status = start_service(state)
    make_pool(batch_client(status), "pool", taskSlotsPerNode=4)
    make_job(batch_client(status), "job", "pool")
    submitter = Submitter(status, runs)
    submitter.start()
    done: dict[str, int] = {}
    try:
        for number in range(kills):
            # Most of them hit a service that is starting.
            if number % 4 == 0:
                status = start_service(state)
                done |= {task_id: count_runs(runs, task_id) for task_id in newly_completed(status, set(done))}
                time.sleep(random.uniform(0, 0.3))
                kill(state)
            else:
                kill_while_starting(state, random.uniform(0, 0.3))
        status = start_service(state)
        submitter.enough.set()
        submitter.join()
        assert submitter.refusals == []
        wait_until(lambda: len(completed(status)) >= len(submitter.acknowledged), within=60)
        assert completed(status) >= set(submitter.acknowledged)
        assert {task_id: count_runs(runs, task_id) for task_id in done} == done
        assert all(count_runs(runs, task_id) for task_id in submitter.acknowledged)
    finally:
        submitter.enough.set()
        submitter.join()
        control.stop(state)


def kill_while_starting(state: Path, seconds: float) -> None:
    """Start a service and kill it so long after it has taken the directory."""
    with ThreadPoolExecutor(1) as starter:
        starting = starter.submit(start_service, state)
        wait_until(lambda: is_running(state), every=0.005)
        time.sleep(seconds)
        kill(state)
        # It may have been ready by then.
        assert isinstance(starting.exception(), control.ServiceFailed | None)


def kill(state: Path) -> None:
    # 0 while the file is being written.
    os.kill(wait_until(lambda: process_id(state) or 0), signal.SIGKILL)
    wait_until(lambda: not is_running(state))


def newly_completed(status: Status, before: set[str]) -> set[str]:
    return wait_until(lambda: completed(status) - before)


def completed(status: Status) -> set[str]:
    """The tasks that have succeeded; one whose process was lost runs again first."""
    client = batch_client(status)
    return {
        str(task.id) for task in client.list_tasks("job", filter="executionInfo/result eq 'success'", select=["id"])
    }


def count_runs(runs: Path, task_id: str) -> int:
    path = runs / task_id
    return path.stat().st_size // 2 if path.exists() else 0
