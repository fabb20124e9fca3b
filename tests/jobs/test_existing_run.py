"""A second submission under a job's id: continued, extended, or refused where the definition changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import models
from azure.core.exceptions import ServiceRequestError

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.run_record import from_metadata
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import Submission, submit
from shoal.manifest.storage import stored_manifest
from shoal.runs.stored_run import folder_of_run
from shoal.service_status import Status
from tests.environments import wait_for_job
from tests.jobs.lost_pool import with_lost_pool
from tests.waiting import wait_until

JOB = """\
parameters: {last: {type: int, default: 3}, word: {default: hello}, go: {}}
job: {pool: spot}
stages:
  - name: greet
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: while [ ! -e {{ go }} ]; do sleep 0.05; done; echo {{ word }} {{ n }}
    slots: 4
  - name: merge
    after: greet
    command: echo merged
"""


class Submitter:
    def __init__(self, services: Services, folder: Path, job_id: str) -> None:
        self.services, self.folder, self.job_id, self.go = services, folder, job_id, folder / "go"

    def __call__(self, text: str = JOB, on_change: OnChange = OnChange.REFUSE, **given: object) -> Submission:
        (self.folder / "job.yaml").write_text(text)
        values = {"go": str(self.go), **given}
        job_file = read_job_file(self.folder / "job.yaml", given=values, run="r1", job_id=self.job_id)
        job = bind(job_file, self.services.environment)
        return submit(job, make_plan(job), self.services, on_change=on_change)

    def printed(self) -> list[str]:
        """Return the lines that the tasks have printed, once the job has ended."""
        self.go.touch()
        wait_for_job(self.services, self.job_id)
        tasks = [str(task.id) for task in self.services.batch.list_tasks(self.job_id)]
        logs = [b"".join(self.services.batch.download_task_file(self.job_id, task, "stdout.txt")) for task in tasks]
        return sorted(log.decode().strip() for log in logs)


@pytest.fixture
def submitting(services: Services, tmp_path: Path, name: str) -> Iterator[Submitter]:
    submitter = Submitter(services, tmp_path, name)
    yield submitter
    submitter.go.touch()  # other tests need the nodes


def wait_for_running(services: Services, job_id: str, number: int) -> None:
    wait_until(lambda: services.batch.get_job_task_counts(job_id).task_counts.running == number)


def test_changed_command_is_refused_with_the_choices_and_changes_nothing(submitting: Submitter) -> None:
    submitting()
    with pytest.raises(BadInput) as refusal:
        submitting(word="bye")
    lines = str(refusal.value).splitlines()
    assert lines[0] == f"job '{submitting.job_id}' was submitted with another definition:"
    assert [line.partition(":")[0].strip() for line in lines[1:]] == [
        "stage greet",
        "Nothing was changed. Choose one",
        "another run",
        "--changed replace",
        "--changed keep",
    ]
    assert submitting.printed() == ["hello 1", "hello 2", "hello 3", "merged"]
    with pytest.raises(BadInput, match="was submitted with another definition"):
        submitting(word="bye")
    with pytest.raises(BadInput, match="has ended, and takes no more tasks"):
        submitting(word="bye", on_change=OnChange.REPLACE)
    assert submitting(word="bye", on_change=OnChange.KEEP).added == 0


def test_chosen_replacement_changes_the_tasks_that_have_not_begun(services: Services, submitting: Submitter) -> None:
    submitting()
    wait_for_running(services, submitting.job_id, 2)  # a task takes all slots of one of the two nodes
    assert submitting(word="bye", on_change=OnChange.REPLACE) == Submission(
        job_id=submitting.job_id, added=1, already_there=3
    )
    assert submitting(word="bye").added == 0
    printed = submitting.printed()
    assert sorted(line.split()[0] for line in printed) == ["bye", "hello", "hello", "merged"]


def test_chosen_keeping_adds_only_what_is_missing_and_asks_again(submitting: Submitter) -> None:
    submitting()
    kept = submitting(word="bye", last=4, on_change=OnChange.KEEP)
    assert (kept.added, kept.already_there) == (1, 4)
    record = from_metadata(submitting.services.batch.get_job(submitting.job_id).metadata)
    assert record is not None
    assert record.tasks == 5  # by which `watch` knows that none is missing
    with pytest.raises(BadInput, match="was submitted with another definition"):
        submitting(word="bye", last=4)
    assert submitting.printed() == ["bye 4", "hello 1", "hello 2", "hello 3", "merged"]


def test_further_points_are_added_where_no_task_that_is_there_changes(submitting: Submitter) -> None:
    text = JOB.partition("  - name: merge")[0]
    submitting(text)
    assert submitting(text, last=5) == Submission(job_id=submitting.job_id, added=2, already_there=3)
    assert submitting(text, last=5).added == 0
    with pytest.raises(BadInput, match="stage greet: its tasks differ"):
        submitting(text, last=2)


def test_failure_while_the_manifest_is_made_changes_nothing_of_the_run(
    services: Services, service: Status, submitting: Submitter
) -> None:
    text = JOB.partition("  - name: merge")[0]
    submitting(text)
    before = services.batch.get_job(submitting.job_id).metadata
    with with_lost_pool(services, service) as lost, pytest.raises(ServiceRequestError):
        Submitter(lost, submitting.folder, submitting.job_id)(text, last=5)
    assert services.batch.get_job(submitting.job_id).metadata == before
    assert submitting(text, last=5).added == 2


def test_forecast_of_a_run_stays_that_of_its_submission(services: Services, submitting: Submitter) -> None:
    text = JOB.partition("  - name: merge")[0] + "    expected_time: 10s\n"
    submitting(text)
    folder = folder_of_run(services, submitting.job_id)
    begun = stored_manifest(services, folder)
    submitting(text, last=40)
    grown = stored_manifest(services, folder)
    assert begun is not None
    assert begun.forecast is not None
    assert begun.forecast.expected is not None
    assert grown is not None
    assert grown.tasks["greet"].tasks == 40
    assert (grown.forecast, grown.submitted) == (begun.forecast, begun.submitted)


def test_merge_that_would_not_wait_for_further_points_is_a_change(services: Services, submitting: Submitter) -> None:
    submitting()
    with pytest.raises(BadInput, match="stage merge: its tasks differ"):
        submitting(last=4)
    wait_for_running(services, submitting.job_id, 2)
    assert submitting(last=4, on_change=OnChange.REPLACE).added == 2  # the fourth point, and merge
    merge = services.batch.get_task(submitting.job_id, "merge")
    assert merge.depends_on is not None
    assert len(merge.depends_on.task_ids or ()) == 4


def test_changed_keys_of_the_job_are_told_and_not_replaced(submitting: Submitter) -> None:
    submitting()
    changed = JOB.replace("{pool: spot}", "{pool: spot, environment: {A: b}}")
    with pytest.raises(BadInput, match=r"  job: its own keys .* differ"):
        submitting(changed)
    with pytest.raises(BadInput, match="other keys of its own, which cannot be replaced"):
        submitting(changed, on_change=OnChange.REPLACE)


def test_submission_that_broke_off_is_continued_in_the_same_run(services: Services, submitting: Submitter) -> None:
    submitting()
    before = from_metadata(services.batch.get_job(submitting.job_id).metadata)
    services.batch.delete_task(submitting.job_id, "merge")
    assert submitting() == Submission(job_id=submitting.job_id, added=1, already_there=3)
    assert from_metadata(services.batch.get_job(submitting.job_id).metadata) == before
    assert before is not None
    assert before.tasks == 4


def test_job_id_used_again_is_another_run(services: Services, submitting: Submitter) -> None:
    submitting()
    first = from_metadata(services.batch.get_job(submitting.job_id).metadata)
    services.batch.begin_delete_job(submitting.job_id, polling_interval=1).wait()
    submitting()
    second = from_metadata(services.batch.get_job(submitting.job_id).metadata)
    assert first is not None
    assert second is not None
    assert first.run_id != second.run_id


def test_job_of_another_client_gets_a_record_and_keeps_its_metadata(services: Services, submitting: Submitter) -> None:
    pool = models.BatchPoolInfo(pool_id=services.environment.pools["spot"].id)
    own = models.BatchMetadataItem(name="owner", value="me")
    services.batch.create_job(
        models.BatchJobCreateOptions(id=submitting.job_id, pool_info=pool, uses_task_dependencies=True, metadata=[own])
    )
    assert submitting().added == 4
    metadata = services.batch.get_job(submitting.job_id).metadata
    assert from_metadata(metadata) is not None
    assert ("owner", "me") in [(item.name, item.value) for item in metadata or ()]
