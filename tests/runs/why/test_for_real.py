"""The rows of the decision table, produced on a real service. A job and its pool have the same name in each."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from shoal.arm import ArmClient
from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.run_record import Continuation, RunRecord, StageContent, to_metadata
from shoal.runs import listing
from shoal.runs.why.causes import CAUSES
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import ROWS, findings
from shoal.runs.why.failure_kinds import common_text
from shoal.runs.why.finding import Finding
from shoal.runs.why.standstill import NOT_ADDED, with_reasons
from shoal.service_status import OWN_VERSION, Status
from tests.arm import management_client
from tests.environments import services_by_keys_of
from tests.local.making import make_job, sh, wait_for_nodes, wait_for_state
from tests.local.test_application_packages import Packages, archive, reference, uses
from tests.runs.batch_jobs import after
from tests.waiting import wait_until

Wire = dict[str, Any]
NOT_PRODUCED = {
    "resize-error": "its resizes fail for quotas, for want of memory, or after five minutes",
    "about-to-start": "it places a task in the moment in which a slot is free",
    "unexplained": "it always says why a pool has no nodes",
    "container": "it runs no containers",
    "failure": "it has no other codes",
}


@pytest.fixture
def services(service: Status, name: str) -> Iterator[Services]:
    """Clients for a pool that the test makes, with the id `name`."""
    with services_by_keys_of(service, name, 1) as services:
        yield services
        pool_of_test = [pool for pool in services.batch.list_pools(select=["id"]) if pool.id == name]
        if pool_of_test:
            services.batch.begin_delete_pool(name, polling_interval=0)


def wire(task_id: str, script: str = "true", **more: Any) -> Wire:
    return {"id": task_id, "commandLine": sh(script), **more}


def add_pool(services: Services, name: str, nodes: int = 0, **more: Any) -> None:
    body = {"id": name, "vmSize": "standard_d2s_v3", "targetDedicatedNodes": nodes, **more}
    services.batch.create_pool(models.BatchPoolCreateOptions(body))


def add_job(services: Services, name: str, *tasks: Wire, pool: str | None = None, **more: Any) -> None:
    make_job(services.batch, name, pool or name, usesTaskDependencies=True, **more)
    if tasks:
        services.batch.create_tasks(name, [models.BatchTaskCreateOptions(task) for task in tasks])


def why(services: Services, name: str, task: str | None = None) -> tuple[Finding, ...]:
    return findings(collect(services, name, task))


def first(services: Services, name: str, code: str, task: str | None = None) -> Finding:
    """Wait until this row comes first."""

    def found() -> Finding | None:
        seen = why(services, name, task)
        return seen[0] if seen and seen[0].code == code else None

    reached = wait_until(found)
    assert reached is not None
    return reached


def by_formula(formula: str) -> Wire:
    return {
        "targetDedicatedNodes": None,
        "enableAutoScale": True,
        "autoScaleFormula": formula,
        "autoScaleEvaluationInterval": "PT5M",
    }


def produce_ended(service: Status, services: Services, name: str) -> None:
    add_job(services, name, wire("t"))
    options: Any = {"terminateReason": "UserTerminate"}
    services.batch.begin_terminate_job(name, options=options, polling_interval=0).wait()


def produce_disabled(service: Status, services: Services, name: str) -> None:
    add_pool(services, name)
    add_job(services, name, wire("t"))
    content = models.BatchJobDisableOptions(disable_tasks="wait")
    services.batch.begin_disable_job(name, content, polling_interval=0).wait()


def produce_gone(service: Status, services: Services, name: str) -> None:
    add_job(services, name, wire("t"))


def produce_too_large(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1, taskSlotsPerNode=2)
    add_job(services, name, wire("t", requiredSlots=3))


def produce_blocked(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    add_job(services, name, wire("split", "exit 4"), wire("merge", **after("split")))


def produce_formula_error(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, **by_formula("$TargetDedicatedNodes = 1 / 0;"))
    add_job(services, name, wire("t"))


def produce_quota(service: Status, services: Services, name: str) -> None:
    with service.chaos(low_priority_core_quota=0):
        add_pool(services, name, targetLowPriorityNodes=2)
    add_job(services, name, wire("t"))


def produce_eviction(service: Status, services: Services, name: str) -> None:
    with service.chaos(absence_seconds=600):
        add_pool(services, name, targetLowPriorityNodes=1)
        (node,) = wait_for_nodes(services.batch, name, nodes=1)
        ArmClient(service).post("/-/preemptions", OWN_VERSION, {"node": node.id})
        add_job(services, name, wire("t"))
        wait_for_nodes(services.batch, name, nodes=1, state="preempted")


def produce_formula_for_none(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, **by_formula("most = 0; $TargetDedicatedNodes = min(most, $PendingTasks.GetSample(1));"))
    add_job(services, name, wire("t"))


def produce_size_zero(service: Status, services: Services, name: str) -> None:
    add_pool(services, name)
    add_job(services, name, wire("t"))


def produce_failing_start_task(service: Status, services: Services, name: str) -> None:
    command = sh("echo no such tool >&2; exit 3")
    add_pool(services, name, 1, startTask={"commandLine": command, "waitForSuccess": True})
    add_job(services, name, wire("t"))


def produce_failing_preparation(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    wait_for_nodes(services.batch, name, nodes=1)
    add_job(services, name, wire("t"), jobPreparationTask={"commandLine": sh("echo no such disk >&2; exit 3")})


def produce_unusable(service: Status, services: Services, name: str) -> None:
    with service.chaos(unusable_share=1):
        add_pool(services, name, 1)
    add_job(services, name, wire("t"))


def produce_starting(service: Status, services: Services, name: str) -> None:
    with service.chaos(boot_seconds=600):
        add_pool(services, name, 2)
    add_job(services, name, wire("t"))


def produce_busy(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1, taskSlotsPerNode=2)
    add_job(services, f"{name}-other", *(wire(f"t{number}", "sleep 600") for number in range(2)), pool=name)
    wait_until(lambda: services.batch.get_job_task_counts(f"{name}-other").task_counts.running == 2)
    add_job(services, name, wire("t"))


def produce_wide(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1, enableInterNodeCommunication=True)
    add_job(
        services, name, wire("t", multiInstanceSettings={"numberOfInstances": 2, "coordinationCommandLine": "true"})
    )


def produce_running(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    add_job(services, name, wire("t", "sleep 600"))


def produce_succeeded(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    add_job(services, name, wire("t"))


def produce_missing(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    record = RunRecord(run_id="r", run_name="r", job_digest="d", stages={"t": StageContent(tasks=5)})
    add_job(services, name, wire("t"), metadata=[item.as_dict() for item in to_metadata(record)])


def produce_continued(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    record = RunRecord(run_id="r", run_name="r", job_digest="d", stages={"t": StageContent(tasks=1)})
    later = replace(record, continuation=Continuation(first_job=name, tasks=1))
    for job_id, script, one in ((name, "exit 9", record), (f"{name}-retry-1", "true", later)):
        metadata = [item.as_dict() for item in to_metadata(one)]
        add_job(services, job_id, wire("t", script), pool=name, metadata=metadata)
        mode = models.BatchAllTasksCompleteMode.TERMINATE_JOB
        services.batch.update_job(job_id, models.BatchJobUpdateOptions(all_tasks_complete_mode=mode))


def produce_stages_to_add(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    stages = {"t": StageContent(tasks=1)}
    record = RunRecord(run_id="r", run_name="r", job_digest="d", stages=stages, deferred=("encode",))
    add_job(services, name, wire("t"), metadata=[item.as_dict() for item in to_metadata(record)])


def produce_empty(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    make_job(services.batch, name, name)


PRODUCED: dict[str, tuple[Callable[[Status, Services, str], None], str]] = {
    "job-ended": (produce_ended, "it was cancelled, and 1 task will never run"),
    "run-continued": (produce_continued, "the run went on in job {name}-retry-1"),
    "job-disabled": (produce_disabled, "the job is disabled: Batch starts none of its tasks"),
    "pool-gone": (produce_gone, "Batch has no such pool"),
    "slots-too-large": (produce_too_large, "1 task needs more slots"),
    "dependency-failed": (produce_blocked, "1 task can never run, because split failed"),
    "formula-error": (produce_formula_error, "the formula of pool {name} fails"),
    "quota": (produce_quota, "core quota for Spot nodes"),
    "no-spot": (produce_eviction, "Azure took 1 Spot node of pool {name} away"),
    "formula-asks-for-none": (produce_formula_for_none, "its formula asks for none, also with 1 task waiting"),
    "size-zero": (produce_size_zero, "it has a fixed size of none"),
    "start-task-failed": (produce_failing_start_task, "failed with exit code 3 on 1 node"),
    "nodes-unusable": (produce_unusable, "1 node of pool {name} cannot be used"),
    "preparation-failed": (produce_failing_preparation, "the job preparation task failed with exit code 3 on 1 node"),
    "nodes-starting": (produce_starting, "2 nodes of pool {name} are still starting, for 0:00:0"),
    "slots-busy": (produce_busy, "are busy: job {name}-other runs 2 tasks on 2 slots"),
    "instances-need-nodes": (produce_wide, "1 task needs 2 nodes at once, and pool {name} has 1 free"),
    "running": (produce_running, "0 of 1 tasks done, 1 running"),
    "tasks-missing": (produce_missing, "1 of 5 tasks are in the job"),
    "stages-to-add": (produce_stages_to_add, "the tasks of encode are still to be added"),
    "no-tasks": (produce_empty, "the job has no tasks"),
    "succeeded": (produce_succeeded, "all 1 tasks succeeded"),
}


@pytest.mark.parametrize("code", PRODUCED)
def test_row_is_found_in_a_job_for_which_it_holds(service: Status, services: Services, name: str, code: str) -> None:
    produce, sentence = PRODUCED[code]
    produce(service, services, name)
    found = first(services, name, code)
    assert sentence.format(name=name) in found.sentence
    (row,) = with_reasons(services, [row for row in listing.jobs(services.batch) if row.id == name])
    is_reason = found.blocks and code != "job-ended"  # the end of a job has a column of its own
    expected = found.sentence if is_reason or code in NOT_ADDED else None
    assert common_text(row.waits_for or "") == common_text(expected or "")  # times go on


def test_start_task_that_failed_is_shown_with_the_end_of_its_stderr(
    service: Status, services: Services, name: str
) -> None:
    produce_failing_start_task(service, services, name)
    assert first(services, name, "start-task-failed").evidence[-1] == "| no such tool"


def test_preparation_that_failed_is_shown_with_the_end_of_its_stderr(
    service: Status, services: Services, name: str
) -> None:
    produce_failing_preparation(service, services, name)
    assert first(services, name, "preparation-failed").evidence[-1] == "| no such disk"


def test_stage_that_is_waited_for_is_told_with_its_progress(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1)
    record = RunRecord(
        run_id="r",
        run_name="r",
        job_digest="d",
        stages={"split": StageContent(tasks=2), "merge": StageContent(tasks=1)},
    )
    metadata = [item.as_dict() for item in to_metadata(record)]
    splits = [wire("split-1", "sleep 600"), wire("split-2", "sleep 600")]
    add_job(services, name, *splits, wire("merge", **after("split-1", "split-2")), metadata=metadata)
    found = first(services, name, "waits-for-stage", "merge")
    assert found.sentence == "1 task waits for stage split"
    wait_until(lambda: "1 of them running" in why(services, name, "merge")[0].evidence[0])
    assert "stage split: 2 of 2 tasks left" in why(services, name, "merge")[0].evidence[0]
    assert [finding.code for finding in why(services, name)] == ["running", "slots-busy", "waits-for-stage"]


def test_task_that_lost_its_node_waits_for_its_next_attempt(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, targetLowPriorityNodes=1)
    (node,) = wait_for_nodes(services.batch, name, nodes=1)
    add_job(services, name, wire("t", "sleep 600"))
    wait_for_state(services.batch, name, "t", "running")
    with service.chaos(absence_seconds=600):
        ArmClient(service).post("/-/preemptions", OWN_VERSION, {"node": node.id})
        wait_for_state(services.batch, name, "t", "active")
        wait_for_nodes(services.batch, name, nodes=1, state="preempted")
    found = {finding.code: finding.sentence for finding in why(services, name, "t")}
    assert list(found) == ["no-spot", "waits-again"]
    assert found["waits-again"] == "it waits to run again: 1 attempt lost the node before"


def failing_tasks(blobs: str, signature: str) -> dict[str, Wire]:
    """A task for each cause, by the cause's code; `signature` allows to read the container `inputs`."""
    output = {
        "filePattern": "out.txt",
        "destination": {"container": {"containerUrl": f"{blobs}/no-such-container?sig=x"}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }

    def reads(url: str) -> Wire:
        return {"resourceFiles": [{"httpUrl": url, "filePath": "in.csv"}]}

    return {
        "time-limit": wire("over", "sleep 600", constraints={"maxWallClockTime": "PT1S"}),
        "disk-full": wire("full", "cat /etc/passwd > /dev/full"),
        "input-missing": wire("missing", **reads(f"{blobs}/inputs/in.csv?{signature}")),
        "input-forbidden": wire("forbidden", **reads(f"{blobs}/inputs/in.csv")),
        "input-failed": wire("unreachable", **reads("http://127.0.0.1:9/in.csv")),
        "command-not-found": {"id": "unknown", "commandLine": "no-such-program"},
        "command-not-started": wire("plain", "echo x > x; chmod -x x; ./x"),
        "output-upload": wire("upload", "echo x > out.txt", outputFiles=[output]),
        "ended-by-request": wire("ended", "sleep 600"),
        "exit-timeout": wire("timeout", "timeout 0.1 sleep 600"),
        "out-of-memory": wire("killed", "kill -KILL $$"),
        "segmentation-fault": wire("segfault", "kill -SEGV $$"),
        "signal": wire("term", "kill -TERM $$"),
        "exit-code": wire("nine", "echo cannot do 2 >&2; exit 9"),
        "node-lost": wire("agent", "kill -KILL $PPID"),
    }


def test_failures_have_their_causes(service: Status, services: Services, name: str) -> None:
    add_pool(services, name, 1, taskSlotsPerNode=4)
    inputs = services.blobs.get_container_client("inputs")
    if not inputs.exists():
        inputs.create_container()
    expected = failing_tasks(service.blob_endpoint, services.sign("inputs"))
    add_job(services, name, *(task for code, task in expected.items() if code != "node-lost"))
    wait_for_state(services.batch, name, "ended", "running")
    services.batch.terminate_task(name, "ended")
    wait_until(lambda: services.batch.get_job_task_counts(name).task_counts.failed == len(expected) - 1)
    # Last and alone: it ends the agent of its node, which the others would have to do without.
    services.batch.create_task(name, models.BatchTaskCreateOptions(expected["node-lost"]))
    wait_for_state(services.batch, name, "agent", "completed")
    found = {code: why(services, name, task["id"])[0].code for code, task in expected.items()}
    assert found == {code: code for code in expected}
    kinds = why(services, name)
    assert sorted(finding.code for finding in kinds) == sorted(expected)
    assert next(finding for finding in kinds if finding.code == "exit-code").sentence == (
        "1 task failed: exit code 9 (cannot do 2)"
    )


def test_package_that_was_deleted_is_told_as_not_active(service: Status, services: Services, name: str) -> None:
    application = name.replace("t-", "tool-")
    add_pool(services, name)
    with management_client(service) as management:
        packages = Packages(management)
        packages.publish(application, "1", archive(a="a"))
        add_job(services, name, wire("t", **uses(reference(application, "1"))))
        packages.delete(application, "1")
    services.batch.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1), polling_interval=0)
    wait_for_state(services.batch, name, "t", "completed")
    assert f"not there or not active ({application})" in first(services, name, "package-not-active").sentence


def test_every_row_and_cause_is_produced_or_cannot_be() -> None:
    produced = {*PRODUCED, *failing_tasks("", ""), "waits-for-stage", "waits-again", "package-not-active"}
    assert produced | set(NOT_PRODUCED) == {row.code for row in ROWS} | {cause.code for cause in CAUSES}
    assert not produced & set(NOT_PRODUCED)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nightyl",), "there is no job 'nightyl'; `shoal jobs` lists them"),
        (("{name}", "tt"), "job '{name}' has no task 'tt'; `shoal tasks {name}` lists them"),
    ],
)
def test_job_or_task_that_does_not_exist_is_bad_input(
    services: Services, name: str, words: tuple[str, ...], message: str
) -> None:
    make_job(services.batch, name, name)
    with pytest.raises(BadInput) as refusal:
        collect(services, *(word.format(name=name) for word in words))
    assert str(refusal.value) == message.format(name=name)


def test_ten_thousand_tasks_take_as_few_requests_as_one_and_less_than_a_second(
    service: Status, services: Services, name: str
) -> None:
    add_pool(services, name)
    for job, tasks in ((f"{name}-small", 1), (name, 10_000)):
        add_job(services, job, pool=name)
        services.batch.create_tasks(job, [models.BatchTaskCreateOptions(wire(f"t{number}")) for number in range(tasks)])
    requests: list[str] = []
    credential = AzureNamedKeyCredential(service.account, service.key)
    with BatchClient(
        service.batch_endpoint,
        credential,
        raw_request_hook=lambda request: requests.append(request.http_request.url),
    ) as counting:
        counted = replace(services, batch=counting)
        (small,) = why(counted, f"{name}-small")
        of_small = len(requests)
        (large,) = why(counted, name)
        of_large = len(requests) - of_small
        # The best of three: other tests run at the same time.
        assert min(seconds(lambda: why(counted, name)) for _ in range(3)) < 1
    assert (small.code, large.code, large.blocks) == ("size-zero", "size-zero", 10_000)
    assert of_small == of_large <= 10


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


@pytest.mark.soak
def test_rare_kind_behind_a_thousand_failures_is_found_and_the_sampling_is_told(services: Services, name: str) -> None:
    add_pool(services, name, 1, taskSlotsPerNode=16)
    add_job(services, name, *({"id": f"t{number}", "commandLine": "false"} for number in range(1100)))
    services.batch.create_tasks(name, [models.BatchTaskCreateOptions(wire("rare", "echo no memory >&2; exit 137"))])
    wait_until(lambda: services.batch.get_job_task_counts(name).task_counts.failed == 1101, every=0.2)
    evidence = collect(services, name)
    assert [(finding.code, finding.sentence[:20]) for finding in findings(evidence)] == [
        ("exit-code", "1000 tasks failed: e"),
        ("out-of-memory", "1 task failed: exit "),
    ]
    assert evidence.failures.sampling == "1001 of 1101 failures were read"
