"""`skip: exists` on the embedded service: what is skipped, what runs again, and what the new run holds."""

import json
import subprocess
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from shoal.cli.retry import Lines
from shoal.connect import Services
from shoal.environment import Environment, to_json
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.run_folder import run_folder
from shoal.jobs.skip.result import RESULTS
from shoal.jobs.skip.skips import settle_skips
from shoal.jobs.submit.changes import OnChange
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import Submission, create_job, job_body, planned_record, submit
from shoal.runs.fetch import fetch
from shoal.runs.logs import LogFile, read_log
from shoal.runs.probe import probe
from shoal.runs.retry.choice import Request
from shoal.runs.retry.corrected import retry_with
from shoal.runs.retry.retry import retry
from shoal.runs.stored_run import folder_of_run
from shoal.service_status import Status
from tests.environments import shoal as run_shoal
from tests.environments import wait_for_job
from tests.waiting import wait_until

JOB = """\
parameters: {word: {default: hello}, last: {type: int, default: 2}, salt: {}}
job: {pool: spot}
stages:
  - name: greet
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: echo {{ word }} {{ n }} {{ salt }} > out.txt; echo printed {{ n }}
    outputs: [{pattern: out.txt}]
    skip: exists
  - name: merge
    after: greet
    command: cat in/*/greet/*/out.txt > all.txt
    inputs: [{stage: greet, to: in}]
    outputs: [{pattern: "*.txt"}]
    skip: exists
"""


class Runs:
    """Runs of a job file under ids of their own."""

    def __init__(self, services: Services, folder: Path, name: str) -> None:
        self.services, self.folder, self.name, self.number = services, folder, name, 0

    def __call__(self, text: str = JOB, **given: object) -> Submission:
        self.number += 1
        return self.submit(f"{self.name}-{self.number}", text, **given)

    def submit(self, job_id: str, text: str = JOB, **given: object) -> Submission:
        (self.folder / "job.yaml").write_text(text)
        values = {"salt": self.name, **given} if "salt" in text else given
        job_file = read_job_file(self.folder / "job.yaml", given=values, run="r", job_id=job_id)
        job = bind(job_file, self.services.environment)
        submission = submit(job, make_plan(job), self.services)
        if submission.deferred:
            wait_until(lambda: all(task.state == "completed" for task in self.services.batch.list_tasks(job_id)))
        else:
            wait_for_job(self.services, job_id)
        return submission

    def files(self, number: int) -> dict[str, str]:
        """Return the outputs of a run."""
        target = self.folder / f"fetched-{number}"
        fetch(self.services, folder_of_run(self.services, f"{self.name}-{number}"), target)
        return {path.relative_to(target).as_posix(): path.read_text() for path in sorted(target.rglob("*.*"))}


@pytest.fixture
def runs(services: Services, tmp_path: Path, name: str) -> Runs:
    return Runs(services, tmp_path, name)


def test_second_run_under_another_id_adds_no_task_and_has_the_same_outputs(runs: Runs) -> None:
    first = runs()
    assert (first.added, first.skipped) == (3, {})
    second = runs()
    assert (second.added, second.skipped) == (0, {"greet": 2, "merge": 1})
    assert runs.files(1) == runs.files(2)
    assert len(runs.files(2)) == 3


def test_longer_sweep_runs_only_its_new_task_and_what_waits_for_it(runs: Runs) -> None:
    runs()
    second = runs(last=3)
    assert (second.added, second.skipped) == (2, {"greet": 2})
    assert runs.files(2)["merge/merge/all.txt"].count("hello") == 3
    third = runs(last=3)
    assert (third.added, third.skipped) == (0, {"greet": 3, "merge": 1})


def test_changed_command_runs_again_and_its_outputs_are_the_new_ones(runs: Runs) -> None:
    runs()
    assert runs(word="bye").skipped == {}
    assert set(runs.files(2)["merge/merge/all.txt"].split()) >= {"bye"}
    assert "hello" not in runs.files(2)["merge/merge/all.txt"]


def outputs(runs: Runs, number: int) -> tuple[ContainerClient, str]:
    container = runs.services.blobs.get_container_client("outputs")
    return container, folder_of_run(runs.services, f"{runs.name}-{number}")


def test_deleted_output_makes_its_task_and_the_later_stage_run_again(runs: Runs) -> None:
    runs()
    container, folder = outputs(runs, 1)
    [deleted] = list(container.list_blob_names(name_starts_with=f"{folder}/greet/"))[:1]
    container.delete_blob(deleted)
    second = runs()
    assert (second.added, second.skipped) == (2, {"greet": 1})
    assert len(runs.files(2)) == 3


def test_output_with_other_content_of_the_same_size_is_not_taken(runs: Runs) -> None:
    runs()
    container, folder = outputs(runs, 1)
    [changed] = container.list_blob_names(name_starts_with=f"{folder}/merge/")
    size = container.get_blob_client(changed).get_blob_properties().size
    container.upload_blob(changed, b"x" * size, overwrite=True)
    assert runs().skipped == {"greet": 2}
    assert "x" not in runs.files(2)["merge/merge/all.txt"].replace(runs.name, "")


def test_output_that_the_task_did_not_write_is_not_taken_along(runs: Runs) -> None:
    runs()
    container, folder = outputs(runs, 1)
    container.upload_blob(f"{folder}/merge/merge/stale.txt", b"left by somebody")
    assert runs().skipped == {"greet": 2}
    assert "merge/merge/stale.txt" not in runs.files(2)


def test_result_that_is_cut_short_is_none(runs: Runs) -> None:
    runs()
    container, _ = outputs(runs, 1)
    for result in results_of(runs, 1):
        text = container.download_blob(result).readall()
        container.upload_blob(result, text[: len(text) - 3], overwrite=True)
    assert runs().skipped == {}


def results_of(runs: Runs, number: int) -> list[str]:
    container, folder = outputs(runs, number)
    names = container.list_blob_names(name_starts_with=f"{RESULTS}/")
    return [name for name in names if folder.encode() in container.download_blob(name).readall()]


def test_copies_of_outputs_serve_the_next_run_when_the_first_ones_are_deleted(runs: Runs) -> None:
    runs()
    runs()
    container, folder = outputs(runs, 1)
    for blob in list(container.list_blob_names(name_starts_with=f"{folder}/")):
        container.delete_blob(blob)
    assert runs().skipped == {"greet": 2, "merge": 1}
    assert runs.files(3) == runs.files(2)


def test_same_job_is_submitted_again_after_skips_without_any_change(runs: Runs) -> None:
    runs(last=2)
    runs(last=3)
    again = runs.submit(f"{runs.name}-2", last=3)
    assert (again.added, again.already_there) == (0, 2)


FAILING = """\
parameters: {salt: {}, go: {}}
job: {pool: spot}
stages:
  - name: work
    command: echo {{ salt }} > out.txt; test -e {{ go }}
    outputs: [{pattern: out.txt, when: completion}]
    skip: exists
"""


def test_failed_task_is_never_skipped_and_its_retry_is(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    assert runs(FAILING, go=str(go)).skipped == {}
    assert runs(FAILING, go=str(go)).skipped == {}
    go.touch()
    retried = retry(runs.services, f"{runs.name}-2", Request(), Lines())
    wait_for_job(runs.services, retried.job_id)
    assert runs(FAILING, go=str(go)).skipped == {"work": 1}


INPUTS = """\
parameters: {salt: {}}
job: {pool: spot}
stages:
  - name: local
    command: cat data.txt > out.txt; echo {{ salt }}
    inputs: [{from: data.txt}]
    outputs: [{pattern: out.txt}]
    skip: exists
  - name: remote
    command: cat copy.txt > out.txt
    inputs: [{blob: "{{ salt }}/blob.txt", to: copy.txt}]
    outputs: [{pattern: out.txt}]
    skip: exists
  - name: prefix
    command: cat {{ salt }}/*.txt > out.txt
    inputs: [{blobs: "{{ salt }}/"}]
    outputs: [{pattern: out.txt}]
    skip: exists
"""


def test_changed_inputs_make_those_who_read_them_run_again(runs: Runs, tmp_path: Path) -> None:
    inputs = runs.services.blobs.get_container_client("inputs")
    (tmp_path / "data.txt").write_text("one")
    inputs.upload_blob(f"{runs.name}/blob.txt", b"one")
    assert runs(INPUTS).skipped == {}
    assert runs(INPUTS).skipped == {"local": 1, "remote": 1, "prefix": 1}
    (tmp_path / "data.txt").write_text("two")
    assert runs(INPUTS).skipped == {"remote": 1, "prefix": 1}
    inputs.upload_blob(f"{runs.name}/more.txt", b"two")
    assert runs(INPUTS).skipped == {"local": 1, "remote": 1}
    inputs.upload_blob(f"{runs.name}/blob.txt", b"two", overwrite=True)
    assert runs(INPUTS).skipped == {"local": 1}
    assert runs.files(5) == {
        "local/local/out.txt": "two",
        "prefix/prefix/out.txt": "twotwo",
        "remote/remote/out.txt": "two",
    }


FAN_OUT = """\
parameters: {salt: {}, chunks: {type: int, default: 2}}
job: {pool: spot}
stages:
  - name: split
    command: for i in $(seq {{ chunks }}); do mkdir -p d; echo $i {{ salt }} > d/$i.txt; done
    outputs: [{pattern: "d/*.txt"}]
    skip: exists
  - name: encode
    for_each: {outputs: split}
    command: cat {{ file }} > {{ file.stem }}.enc
    inputs: [{stage: split, file: "{{ file }}"}]
    outputs: [{pattern: "*.enc"}]
    skip: exists
  - name: check
    after: {stage: encode, each: true}
    command: cat */encode/*/*.enc > checked.txt
    inputs: [{stage: encode}]
    outputs: [{pattern: checked.txt}]
    skip: exists
"""


def run_to_its_end(runs: Runs, job_id: str, **given: object) -> tuple[int, dict[str, int]]:
    submission = runs.submit(job_id, FAN_OUT, **given)
    added, skipped = submission.added, submission.skipped
    while submission.deferred:
        submission = runs.submit(job_id, FAN_OUT, **given)
        added, skipped = added + submission.added, {**skipped, **submission.skipped}
    return added, dict(skipped)


def test_stages_over_the_files_of_a_skipped_stage_are_skipped_in_the_same_submission(runs: Runs) -> None:
    runs.number = 2
    assert run_to_its_end(runs, f"{runs.name}-1") == (6, {})
    second = runs.submit(f"{runs.name}-2", FAN_OUT)
    assert (second.added, second.skipped, second.deferred) == (0, {"split": 1, "encode": 2, "check": 2}, ())
    assert len(runs.files(2)) == 6
    assert runs.files(1) == runs.files(2)
    assert run_to_its_end(runs, f"{runs.name}-3", chunks=1) == (4, {})


def test_broken_submission_goes_on_with_the_same_skips_although_the_earlier_outputs_are_gone(
    runs: Runs, tmp_path: Path
) -> None:
    runs()
    runs.number = 2
    job_id, services = f"{runs.name}-2", runs.services
    given = {"salt": runs.name, "last": 3}
    job = bind(read_job_file(tmp_path / "job.yaml", given=given, run="r", job_id=job_id), services.environment)
    record = planned_record(job, make_plan(job))
    assert create_job(services.batch, job_body(job, make_plan(job)), record)
    skips = settle_skips(job, services, run_folder(job_id, record.run_id), present=set(), before=set())
    assert skips.counts == {"greet": 2}
    container, folder = outputs(runs, 1)
    for blob in list(container.list_blob_names(name_starts_with=f"{folder}/")):
        container.delete_blob(blob)
    submission = runs.submit(job_id, last=3)
    assert (submission.added, submission.skipped) == (2, {"greet": 2})
    assert len(runs.files(2)) == 4


def test_tasks_that_were_added_without_skip_stay_when_the_file_gets_it(runs: Runs) -> None:
    runs()
    text = JOB.replace("    skip: exists\n", "")
    assert runs(text).added == 3
    again = runs.submit(f"{runs.name}-2")
    assert (again.added, again.already_there, again.skipped) == (0, 3, {})


MERGE_WITH_A_MISTAKE = JOB.replace("command: cat in", "command: tac-typo in")


def test_corrected_file_keeps_the_skipped_tasks_and_runs_what_failed(runs: Runs, tmp_path: Path) -> None:
    runs()
    second = runs(MERGE_WITH_A_MISTAKE)
    assert (second.added, second.skipped) == (1, {"greet": 2})
    (tmp_path / "job.yaml").write_text(JOB)

    def corrected(job_id: str, run: str) -> BoundJob:
        job_file = read_job_file(tmp_path / "job.yaml", given={"salt": runs.name}, run=run, job_id=job_id)
        return bind(job_file, runs.services.environment)

    retried = retry_with(runs.services, f"{runs.name}-2", corrected, Lines())
    wait_for_job(runs.services, retried.job_id)
    assert (retried.again, retried.resumed) == (["merge"], [])
    assert runs.files(2) == runs.files(1)
    container, folder = outputs(runs, 1)
    for blob in list(container.list_blob_names(name_starts_with=f"{folder}/")):
        container.delete_blob(blob)
    assert runs().skipped == {"greet": 2}


WAITING = """\
parameters: {salt: {}, go: {}, last: {type: int, default: 1}}
job: {pool: spot}
stages:
  - name: part
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: while [ ! -e {{ go }} ]; do sleep 0.05; done; echo {{ salt }} {{ n }} > part.txt
    outputs: [{pattern: part.txt}]
    skip: exists
  - name: merge
    after: part
    command: cat in/*/part/*/part.txt > all.txt
    inputs: [{stage: part, to: in}]
    outputs: [{pattern: all.txt}]
    skip: exists
"""


def test_merge_that_may_have_read_further_tasks_is_not_taken_for_one_that_did_not(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"

    def waiting(number: int, last: int, on_change: OnChange = OnChange.REFUSE) -> Submission:
        (tmp_path / "job.yaml").write_text(WAITING)
        given = {"salt": runs.name, "go": str(go), "last": last}
        job_id = f"{runs.name}-{number}"
        job_file = read_job_file(tmp_path / "job.yaml", given=given, run="r", job_id=job_id)
        job = bind(job_file, runs.services.environment)
        return submit(job, make_plan(job), runs.services, on_change=on_change)

    try:
        assert waiting(1, last=1).added == 2
        assert waiting(1, last=2, on_change=OnChange.KEEP).added == 1
    finally:
        go.touch()
    wait_for_job(runs.services, f"{runs.name}-1")
    assert waiting(2, last=1).skipped == {"part": 1}


def test_commands_tell_what_is_skipped_and_run_ends_at_once(
    service: Status, environment: Environment, name: str, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))

    def shoal(*words: str) -> subprocess.CompletedProcess[str]:
        return run_shoal(service, tmp_path, *words, "--environment", "environment.json")

    file = ("job.yaml", "-p", f"salt={name}", "--job")
    assert shoal("run", *file, f"{name}-1").returncode == 0
    plan = shoal("plan", *file, f"{name}-2").stdout
    assert "greet: 2 of 2 tasks skipped as their outputs are there\nmerge: 1 of 1 task skipped" in plan
    assert "forecast: none; all tasks are skipped, as their outputs are there" in plan
    second = shoal("run", *file, f"{name}-2")
    assert second.returncode == 0, second.stderr
    assert f"{name}-2: 0 tasks added, 3 skipped as their outputs are there (2 of greet, 1 of merge)" in second.stdout
    assert "0 succeeded, 0 failed, 3 skipped (AllTasksComplete)" in second.stdout
    merged = [(tmp_path / "results" / f"{name}-{number}" / "merge/merge/all.txt").read_text() for number in (1, 2)]
    assert merged[0] == merged[1]
    assert "all is well: all 3 tasks were skipped, as their outputs were there" in shoal("why", f"{name}-2").stdout
    assert shoal("tasks", f"{name}-2").stderr.endswith("3 tasks skipped, as their outputs were there\n")
    log = shoal("logs", "-f", f"{name}-2", "merge")
    assert (log.returncode, log.stdout) == (0, "")
    assert log.stderr == "merge was skipped, as its outputs were there; this is the log of the task that ran\n"


def test_probe_runs_its_tasks_although_their_outputs_are_there(runs: Runs, tmp_path: Path) -> None:
    runs()
    job_file = read_job_file(tmp_path / "job.yaml", given={"salt": runs.name}, run="r", job_id=runs.name)
    durations = probe(bind(job_file, runs.services.environment), runs.services, 1)
    assert [len(times) for times in durations.values()] == [1, 1]


def test_log_of_a_skipped_task_is_that_of_the_task_that_ran(runs: Runs) -> None:
    runs()
    runs()
    task = next(name.split("/")[1] for name in runs.files(2) if name.startswith("greet/"))
    log = LogFile(job_id=f"{runs.name}-2", task_id=task, name="stdout.txt")
    assert read_log(runs.services, log).startswith(b"printed ")
