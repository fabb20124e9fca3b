from dataclasses import replace
from pathlib import Path

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceNotFoundError, ServiceRequestError

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import Submission, submit
from shoal.service_status import Status
from tests.environments import wait_for_job
from tests.jobs.lost_pool import with_lost_pool

JOB = """\
parameters: {last: {type: int, default: 3}}
job:
  pool: spot
  retries: 1
  max_time: 1h
  environment: {GREETING: hello}
  metadata: {purpose: test}
stages:
  - name: greet
    for_each: {product: {n: {range: [1, "{{ last }}"]}}}
    command: echo $GREETING {{ n }}; cat in.txt; cp in.txt copy-{{ n }}.txt
    inputs: [{from: in.txt}]
    outputs: [{pattern: "*-{{ n }}.txt"}]
  - name: merge
    after: greet
    inputs: [{stage: greet, to: parts}]
    command: cat parts/{{ job }}/greet/*/copy-*.txt
"""


def submitted(services: Services, folder: Path, job_id: str, text: str = JOB, **given: object) -> Submission:
    (folder / "job.yaml").write_text(text)
    (folder / "in.txt").write_text("input\n")
    job_file = read_job_file(folder / "job.yaml", given=given, run="r1", job_id=job_id)
    job = bind(job_file, services.environment)
    return submit(job, make_plan(job), services)


def stdout(services: Services, job_id: str, task_id: str) -> str:
    return b"".join(services.batch.download_task_file(job_id, task_id, "stdout.txt")).decode()


def test_stages_run_in_order_with_their_inputs_and_the_job_ends_with_its_last_task(
    services: Services, name: str, tmp_path: Path
) -> None:
    assert submitted(services, tmp_path, name) == Submission(job_id=name, added=4, already_there=0)
    wait_for_job(services, name)
    job = services.batch.get_job(name)
    assert job.execution_info is not None
    assert job.execution_info.termination_reason == "AllTasksComplete"
    assert stdout(services, name, "merge") == "input\n" * 3
    greeted = [str(task.id) for task in services.batch.list_tasks(name) if task.id != "merge"]
    assert {stdout(services, name, task) for task in greeted} == {f"hello {n}\ninput\n" for n in (1, 2, 3)}


def test_job_carries_what_the_file_says(services: Services, name: str, tmp_path: Path) -> None:
    submitted(services, tmp_path, name)
    job = services.batch.get_job(name)
    assert job.pool_info.pool_id == services.environment.pools["spot"].id
    assert job.constraints is not None
    assert job.constraints.max_task_retry_count == 1
    assert job.constraints.max_wall_clock_time is not None
    assert job.constraints.max_wall_clock_time.total_seconds() == 3600
    metadata = {item.name: item.value for item in job.metadata or []}
    assert {name: metadata[name] for name in metadata if not name.startswith("shoal_")} == {"purpose": "test"}
    assert sorted(name for name in metadata if name.startswith("shoal_")) == [
        "shoal_job",
        "shoal_run",
        "shoal_run_id",
        "shoal_stage_greet",
        "shoal_stage_merge",
    ]


def test_second_submit_adds_only_what_is_missing(services: Services, name: str, tmp_path: Path) -> None:
    services.batch.create_job(
        models.BatchJobCreateOptions(
            id=name,
            pool_info=models.BatchPoolInfo(pool_id=services.environment.pools["spot"].id),
            uses_task_dependencies=True,
        )
    )
    task = models.BatchTaskCreateOptions(id="merge", command_line="true")
    services.batch.create_task(name, task)
    assert submitted(services, tmp_path, name) == Submission(job_id=name, added=3, already_there=1)


def test_job_that_has_ended_can_be_submitted_again_where_it_lacks_nothing(
    services: Services, name: str, tmp_path: Path
) -> None:
    submitted(services, tmp_path, name)
    wait_for_job(services, name)
    again = submitted(services, tmp_path, name)
    assert again == Submission(job_id=name, added=0, already_there=4)
    assert again.summary == f"{name}: 4 tasks already there, 0 added"
    with pytest.raises(BadInput, match=r"has ended, without 2 of these 6 tasks, and takes no more"):
        submitted(services, tmp_path, name, last=5)


def test_job_of_that_name_on_another_pool_is_left_alone(services: Services, name: str, tmp_path: Path) -> None:
    services.batch.create_job(
        models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="elsewhere"))
    )
    with pytest.raises(BadInput, match="is there already, on pool 'elsewhere'"):
        submitted(services, tmp_path, name)
    assert list(services.batch.list_tasks(name)) == []


def test_pool_that_is_gone_is_found_before_anything_is_created(services: Services, name: str, tmp_path: Path) -> None:
    pools = {"spot": replace(services.environment.pools["spot"], id="long-gone")}
    elsewhere = replace(services, environment=replace(services.environment, pools=pools))
    with pytest.raises(BadInput, match="pool 'long-gone' is not there any more; run `shoal up`"):
        submitted(elsewhere, tmp_path, name)
    with pytest.raises(ResourceNotFoundError):
        services.batch.get_job(name)


def test_failure_while_the_manifest_is_made_leaves_no_job_without_tasks(
    services: Services, service: Status, name: str, tmp_path: Path
) -> None:
    with with_lost_pool(services, service) as lost, pytest.raises(ServiceRequestError):
        submitted(lost, tmp_path, name)
    with pytest.raises(ResourceNotFoundError):
        services.batch.get_job(name)
    assert submitted(services, tmp_path, name).added == 4


def test_input_is_uploaded_once_under_the_hash_of_its_content(services: Services, name: str, tmp_path: Path) -> None:
    submitted(services, tmp_path, name)
    blob = services.blobs.get_blob_client("inputs", "7d3f9b6284c6f36e/in.txt")
    first = blob.get_blob_properties().last_modified
    submitted(services, tmp_path, f"{name}-again")
    assert blob.get_blob_properties().last_modified == first


def test_refused_tasks_are_told_by_id(services: Services, name: str, tmp_path: Path) -> None:
    services.batch.create_job(
        models.BatchJobCreateOptions(
            id=name, pool_info=models.BatchPoolInfo(pool_id=services.environment.pools["spot"].id)
        )
    )
    with pytest.raises(
        WorkFailed, match=r"has 3 of its tasks; 1 were refused, among them:\n  merge: UnsupportedProperty"
    ):
        submitted(services, tmp_path, name)
