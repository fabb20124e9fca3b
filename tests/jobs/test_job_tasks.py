"""`preparation` and `release` of a job: as Batch receives them, and on nodes."""

from pathlib import Path

import pytest

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import job_body, planned_record, submit
from shoal.report.page import page
from shoal.report.reading import read_record
from shoal.runs.job_task_failures import failed_job_tasks
from shoal.runs.job_task_log import JobTaskRun, chosen, read_job_task_log
from tests.environments import wait_for_job
from tests.jobs.builders import bound, job_file

JOB = """\
parameters: {{city: {{default: "Saint-Denis; rm -rf"}}, here: {{default: /tmp}}}}
job:
  id: "job-{{{{ run }}}}"
  pool: spot
  {tasks}
stages: [{{name: work, command: "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/table.csv >> {{{{ here }}}}/seen"}}]
"""


def text(tasks: str) -> str:
    return JOB.format(tasks=tasks.replace("\n", "\n  "))


def test_job_has_its_own_tasks_with_values_quoted_for_the_shell(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("1")
    tasks = """\
preparation:
    command: unpack {{ city }}
    inputs: [{from: table.csv}]
    environment: {CITY: "{{ city }}"}
    retries: 2
    max_time: 10m
    rerun_after_reboot: false
release: {command: [rm, -r, "/scratch/{{ job }}"], max_time: 90s}"""
    job = bound(tmp_path, text(tasks))
    plan = make_plan(job)
    body = job_body(job, plan)
    preparation, release = body["jobPreparationTask"], body["jobReleaseTask"]
    assert preparation["commandLine"] == """/bin/sh -c 'unpack '"'"'Saint-Denis; rm -rf'"'"''"""
    assert preparation["environmentSettings"] == [{"name": "CITY", "value": "Saint-Denis; rm -rf"}]
    assert [file["filePath"] for file in preparation["resourceFiles"]] == ["table.csv"]
    assert preparation["constraints"] == {"maxTaskRetryCount": 2, "maxWallClockTime": "PT600S"}
    assert (preparation["waitForSuccess"], preparation["rerunOnNodeRebootAfterSuccess"]) == (True, False)
    assert (release["commandLine"], release["maxWallClockTime"]) == ("rm -r /scratch/job-r1", "PT90S")
    assert [path.name for path in plan.files] == ["table.csv"]
    other = bound(tmp_path, text(tasks), city="Lyon")
    assert planned_record(other, make_plan(other)).job_digest != planned_record(job, plan).job_digest


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("release: {command: x}", "release needs a preparation"),
        ("preparation: {command: x}\nrelease: {command: x, max_time: 20m}", "max_time of release must be at most 15m"),
        ("preparation: {command: x, inputs: [{stage: work}]}", "cannot read what a stage wrote"),
        ("preparation: {command: x, packages: [var]}", "job.preparation.packages is not a known key"),
        ("preparation: {command: x, retry: 3}", "did you mean retries"),
        ("preparation: {command: 'x {{ citty }}'}", "job.yaml line 5: 'citty' is undefined; .* did you mean city"),
    ],
)
def test_what_batch_does_not_have_is_refused_with_its_place(tmp_path: Path, tasks: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_plan(bound(tmp_path, text(tasks)))


def test_stage_cannot_have_the_id_of_a_job_task(tmp_path: Path) -> None:
    job = text("preparation: {command: x}").replace("name: work", "name: JobPreparation")
    with pytest.raises(BadInput, match="'JobPreparation' is the id of one of the job's own tasks"):
        make_plan(bound(tmp_path, job))


def test_job_file_without_job_tasks_has_none(tmp_path: Path) -> None:
    assert job_file(tmp_path, text("priority: 1")).spec.job.preparation is None


def test_tasks_read_what_the_preparation_left_and_release_follows(
    services: Services, tmp_path: Path, name: str
) -> None:
    (tmp_path / "table.csv").write_text("a table\n")
    tasks = (
        "preparation: {command: 'test -s table.csv', inputs: [{from: table.csv}]}\n"
        "release: {command: 'echo released >> {{ here }}/seen'}"
    )
    (tmp_path / "job.yaml").write_text(text(tasks))
    given = {"here": str(tmp_path)}
    job = bind(read_job_file(tmp_path / "job.yaml", given=given, run="r", job_id=name), services.environment)
    submit(job, make_plan(job), services)
    wait_for_job(services, name)
    assert (tmp_path / "seen").read_text() == "a table\nreleased\n"
    assert submit(job, make_plan(job), services).already_there == 1


def test_failed_preparation_and_release_are_listed_with_the_command_that_shows_their_stderr(
    services: Services, tmp_path: Path, name: str
) -> None:
    tasks = "preparation: {command: 'true'}\nrelease: {command: 'echo no place >&2; exit 9'}"
    (tmp_path / "job.yaml").write_text(text(tasks))
    job = bind(read_job_file(tmp_path / "job.yaml", given={}, run="r", job_id=name), services.environment)
    submit(job, make_plan(job), services)
    wait_for_job(services, name)
    (sentence,) = failed_job_tasks(services.batch, name)
    assert "the release task of the job failed on 1 node, for example with exit code 9; `shoal files tvm" in sentence
    _, _, node, place = sentence.partition("`")[2].partition("`")[0].split()
    pool = str(services.batch.get_job(name).pool_info.pool_id)
    assert b"".join(services.batch.download_node_file(pool, node, place)) == b"no place\n"
    log = read_job_task_log(services, name, "release", "stderr.txt", node=None)
    assert (log.content, log.run.node, log.run.failed) == (b"no place\n", node, True)
    assert read_job_task_log(services, name, "preparation", "stdout.txt", node).content == b""
    with pytest.raises(BadInput, match=f"the release task of job '{name}' ran on {node}.*; not on 'tvm-other'"):
        read_job_task_log(services, name, "release", "stdout.txt", "tvm-other")
    (job_state,) = read_record(services, name).jobs
    assert job_state.own_tasks_failed == [sentence]
    assert "the release task of the job failed on 1 node, for example" in page(read_record(services, name))


def test_output_of_a_job_task_is_that_of_a_node_where_it_failed() -> None:
    runs = [
        JobTaskRun(node=node, pool_id="p", directory="d", failed=failed)
        for node, failed in (("tvm1", False), ("tvm2", True), ("tvm3", True))
    ]
    assert chosen(runs, "j", "preparation", None).node == "tvm2"
    assert chosen(runs[:1], "j", "preparation", None).node == "tvm1"
    assert chosen(runs, "j", "preparation", "TVM3").node == "tvm3"
    with pytest.raises(BadInput, match="ran on tvm1, tvm2, tvm3; 'tvm' fits 3 of them"):
        chosen(runs, "j", "preparation", "tvm")
    with pytest.raises(BadInput, match="the release task of job 'j' has not run on any node yet"):
        chosen([], "j", "release", None)
