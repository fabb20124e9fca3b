"""`watch` after a submission that broke off: it misses the tasks that are not there, and says how to add them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from shoal.cli.endings import show_way_on
from shoal.connect import Services, batch_client
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.runs.job_ending import JobEnding
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.watch import Clock, watch
from shoal.service_status import Status

JOB = """\
parameters: {last: {type: int, default: 150}, word: {default: ""}}
job: {pool: spot}
stages:
  - name: work
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: "true {{ word }}"
  - name: merge
    after: work
    command: "true"
"""
FAN_OUT = """\
job: {pool: spot}
stages:
  - name: split
    command: for i in 1 2 3; do echo $i > $i.ts; done
    outputs: [{pattern: "*.ts"}]
  - name: encode
    for_each: {outputs: split, pattern: "*.ts"}
    command: cat {{ file }}
    inputs: [{stage: split, file: "{{ file }}"}]
"""


class BrokenOffError(Exception):
    """The end of a submission in the middle."""


class _Broken(SansIOHTTPPolicy[Any, Any]):
    """Lets this many calls add tasks, and ends the submission with the next one."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def on_request(self, request: PipelineRequest[Any]) -> None:
        if "/addtaskcollection" in request.http_request.url:
            if not self._left:
                raise BrokenOffError
            self._left -= 1


class Submitter:
    def __init__(self, services: Services, status: Status, folder: Path, job_id: str) -> None:
        self.services, self.status, self.folder, self.job_id = services, status, folder, job_id

    def bound(self, text: str, **given: object) -> BoundJob:
        (self.folder / "job.yaml").write_text(text)
        job_file = read_job_file(self.folder / "job.yaml", given=given, run="r", job_id=self.job_id)
        return bind(job_file, self.services.environment)

    def whole(self, text: str, on_change: OnChange = OnChange.REFUSE, **given: object) -> int:
        job = self.bound(text, **given)
        return submit(job, make_plan(job), self.services, on_change=on_change).added

    def broken(self, text: str, *, calls: int, on_change: OnChange = OnChange.REFUSE, **given: object) -> None:
        job = self.bound(text, **given)
        credential = AzureNamedKeyCredential(self.status.account, self.status.key)
        with (
            batch_client(self.status.batch_endpoint, credential, [_Broken(calls)]) as client,
            pytest.raises(BrokenOffError),
        ):
            submit(job, make_plan(job), replace(self.services, batch=client), on_change=on_change)

    def watched(self) -> JobEnding:
        return watch(
            BatchJobQueries(self.services.batch, self.job_id),
            on_snapshot=lambda _: None,
            on_silence=lambda _: None,
            clock=Clock(sleep=lambda _: time.sleep(0.02)),
        )


@pytest.fixture
def submitter(services: Services, service: Status, tmp_path: Path, name: str) -> Submitter:
    return Submitter(services, service, tmp_path, name)


def nothing(submitter: Submitter) -> None:
    submitter.broken(JOB, calls=0)


def some(submitter: Submitter) -> None:
    submitter.broken(JOB, calls=1)


def grown(submitter: Submitter) -> None:
    """More points of a run that lacks some already."""
    submitter.broken(JOB, calls=1)
    submitter.broken(JOB, calls=0, last=250, on_change=OnChange.KEEP)


def kept(submitter: Submitter) -> None:
    submitter.broken(JOB, calls=1)
    submitter.broken(JOB, calls=1, last=250, word="changed", on_change=OnChange.KEEP)


@pytest.mark.parametrize("shape", [nothing, some, grown, kept])
def test_tasks_that_a_broken_submission_left_out_are_missed_and_the_same_file_adds_them(
    submitter: Submitter, capsys: pytest.CaptureFixture[str], shape: Callable[[Submitter], None]
) -> None:
    shape(submitter)
    ending = submitter.watched()
    assert not ending.succeeded
    show_way_on(submitter.job_id, ending)
    expected = f"`shoal submit FILE --job {submitter.job_id}`, with the same file and the same -p, adds the "
    assert f"{expected}{ending.missing} missing tasks\n" in capsys.readouterr().err
    given: dict[str, Any] = {"last": 250} if shape in (grown, kept) else {}
    given |= {"word": "changed"} if shape is kept else {}
    on_change = OnChange.KEEP if given else OnChange.REFUSE
    assert submitter.whole(JOB, on_change, **given) == ending.missing
    assert submitter.watched().succeeded


def test_later_stage_whose_tasks_were_not_added_is_missed(
    submitter: Submitter, capsys: pytest.CaptureFixture[str]
) -> None:
    submitter.whole(FAN_OUT)
    assert submitter.watched().waits_for_submission
    submitter.broken(FAN_OUT, calls=0)
    ending = submitter.watched()
    assert (ending.succeeded, ending.missing) == (False, 3)
    show_way_on(submitter.job_id, ending)
    assert "adds the 3 missing tasks" in capsys.readouterr().err
    assert submitter.whole(FAN_OUT) == 3
    assert submitter.watched().succeeded


def test_job_that_ended_without_all_tasks_gets_the_rest_by_a_retry_with_the_file() -> None:
    from shoal.runs.job_ending import completing_command
    from shoal.runs.progress import Counts

    ended = JobEnding(counts=Counts(succeeded=2), reason="AllTasksComplete", blocked=False, expected=3)
    assert completing_command("j", ended).startswith("`shoal retry j --with FILE`")
    later = replace(ended, reason="all tasks completed", continues="first")
    assert completing_command("first-retry-1", later).startswith("`shoal retry first --with FILE`")
