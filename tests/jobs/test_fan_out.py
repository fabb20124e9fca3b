"""A stage with a task for each file that an earlier one left: added when that has ended, and not before."""

from pathlib import Path
from typing import Any

import pytest
from azure.batch.models import BatchAllTasksCompleteMode

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.file_name import OutputName
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.run_record import RunRecord, from_metadata
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import Submission, submit
from shoal.jobs.tasks.task_bodies import all_tasks
from shoal.runs.cancel import cancel
from tests.environments import wait_for_job
from tests.jobs.builders import bound
from tests.waiting import wait_until

JOB = """\
parameters: {go: {default: go}, word: {default: hello}}
job: {pool: spot, id: j}
stages:
  - name: split
    command: while [ ! -e {{ go }} ]; do sleep 0.05; done; echo 1 > a.ts; echo 2 > b.ts; echo 3 > c.txt
    outputs: [{pattern: "*"}]
  - name: work
    for_each: {outputs: split, pattern: "*.ts"}
    command: echo {{ word }} $(cat {{ file }}) > {{ file.stem }}.out
    inputs: [{stage: split, file: "{{ file }}"}]
    outputs: [{pattern: "*.out"}]
  - name: merge
    after: work
    command: cat {{ job }}/work/*/*.out
    inputs: [{stage: work}]
"""


def test_plan_knows_the_first_stage_only_and_tries_the_others_with_a_made_up_file(tmp_path: Path) -> None:
    stages = make_plan(bound(tmp_path, JOB)).stages
    assert [(stage.name, stage.tasks, stage.barriers, stage.is_deferred) for stage in stages] == [
        ("split", 1, 1, False),
        ("work", 0, 0, True),
        ("merge", 0, 0, True),
    ]
    assert [task["id"] for task in all_tasks(bound(tmp_path, JOB))] == ["split", "wait_for_split"]


def test_each_file_that_matches_becomes_a_task_that_reads_it(tmp_path: Path) -> None:
    files = tuple(OutputName(f"split/{name}", 5) for name in ("a.ts", "b.txt", "in/c.ts"))
    found = list(all_tasks(bound(tmp_path, JOB).with_outputs("split", files)))
    work = next(task for task in found if task["id"].startswith("work"))
    assert [task["id"].split("-")[0] for task in found] == ["split", "wait_for_split", "work", "merge"]
    assert work["dependsOn"] == {"taskIds": ["wait_for_split"]}
    assert work["resourceFiles"][0]["filePath"] == "split/a.ts"
    assert work["resourceFiles"][0]["httpUrl"].startswith("http://127.0.0.1:4712/store/outputs/j.RUN/split/split/a.ts?")
    assert "cat split/a.ts) > a.out" in work["commandLine"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("outputs: split", "outputs: spilt"), r"line 8: no stage 'spilt' stands before 'work'; did you mean split\?"),
        (("{{ file.stem }}", "{{ fiel.stem }}"), r"line 9: 'fiel' is undefined; .*did you mean file\?"),
        (("cat {{ job }}", "cat {{ jbo }}"), r"line 14: 'jbo' is undefined"),
        (("{outputs: split, pattern", "{product: {file: [1]}, pattern"), "pattern belongs to a sweep with outputs"),
    ],
)
def test_mistake_in_a_later_stage_is_found_before_anything_runs(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, JOB.replace(*change)))


class Submitter:
    def __init__(self, services: Services, folder: Path, job_id: str) -> None:
        self.services, self.folder, self.job_id, self.go = services, folder, job_id, folder / "go"

    def job(self, text: str = JOB, **given: object) -> BoundJob:
        (self.folder / "job.yaml").write_text(text)
        values = {"go": str(self.go), **given}
        job_file = read_job_file(self.folder / "job.yaml", given=values, run="r1", job_id=self.job_id)
        return bind(job_file, self.services.environment)

    def __call__(self, text: str = JOB, **given: object) -> Submission:
        job = self.job(text, **given)
        return submit(job, make_plan(job), self.services)

    def ended(self, task: str) -> None:
        wait_until(lambda: self.services.batch.get_task(self.job_id, task).state == "completed")

    @property
    def record(self) -> RunRecord:
        record = from_metadata(self.services.batch.get_job(self.job_id).metadata)
        assert record is not None
        return record

    @property
    def ends_by_itself(self) -> bool:
        mode = self.services.batch.get_job(self.job_id).all_tasks_complete_mode
        return mode == BatchAllTasksCompleteMode.TERMINATE_JOB


@pytest.fixture
def submitting(services: Services, tmp_path: Path, name: str) -> Any:
    submitter = Submitter(services, tmp_path, name)
    yield submitter
    submitter.go.touch()  # other tests need the nodes


def test_tasks_are_added_once_the_stage_has_ended_and_the_job_does_not_end_before(submitting: Submitter) -> None:
    assert (submitting().added, submitting().deferred) == (2, ("work", "merge"))  # the second one adds nothing
    assert (submitting.record.tasks, submitting.record.deferred) == (2, ("work", "merge"))
    submitting.go.touch()
    submitting.ended("wait_for_split")
    assert not submitting.ends_by_itself
    grown = submitting()
    assert (grown.added, grown.already_there, grown.deferred) == (3, 2, ())
    assert (submitting.record.tasks, submitting.record.deferred) == (5, ())
    wait_for_job(submitting.services, submitting.job_id)
    printed = b"".join(submitting.services.batch.download_task_file(submitting.job_id, "merge", "stdout.txt"))
    assert printed.decode().splitlines() == ["hello 1", "hello 2"]
    again = submitting()
    assert (again.added, again.already_there) == (0, 5)
    with pytest.raises(BadInput, match="stage work: its tasks differ"):
        submitting(word="bye")


def test_submission_that_broke_off_between_the_stages_goes_on(submitting: Submitter) -> None:
    submitting.go.touch()
    submitting()
    submitting.ended("wait_for_split")
    submitting(word="bye")  # a corrected command of a stage that has no task yet
    client = submitting.services.batch
    assert submitting.ends_by_itself
    wait_for_job(submitting.services, submitting.job_id)
    printed = b"".join(client.download_task_file(submitting.job_id, "merge", "stdout.txt"))
    assert printed.decode().splitlines() == ["bye 1", "bye 2"]


def test_failed_stage_is_not_fanned_out_over(submitting: Submitter) -> None:
    submitting.go.touch()
    failing = JOB.replace("> c.txt", "> c.txt; exit 3").replace('pattern: "*"}]', 'pattern: "*", when: completion}]')
    submitting(failing)
    submitting.ended("split")
    assert (submitting(failing).added, submitting(failing).deferred) == (0, ("work", "merge"))
    cancel(submitting.services.batch, submitting.job_id)
    with pytest.raises(BadInput, match="has ended, without the stages work, merge, and takes no more"):
        submitting(failing)


def test_stage_that_left_no_file_is_told(submitting: Submitter) -> None:
    submitting.go.touch()
    empty = JOB.replace("*.ts", "*.mp4")
    submitting(empty)
    submitting.ended("wait_for_split")
    with pytest.raises(
        WorkFailed, match=r"stage 'split' of job .* left no file that matches '\*\.mp4', so that 'work'"
    ):
        submitting(empty)
