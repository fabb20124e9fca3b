"""Whatever is asked, the service answers in Batch's words and goes on: requests that are right but for one place."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import BatchClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.local.api import operations
from shoal.local.api.dispatch import HANDLERS
from tests.local.making import execution, make_job, make_pool, run, task
from tests.raw import Raw

POOL = {
    "id": "any-pool",
    "displayName": "P",
    "vmSize": "standard_d2s_v3",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "o", "sku": "s"},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "dataDisks": [{"lun": 0, "diskSizeGB": 10}],
    },
    "resizeTimeout": "PT15M",
    "targetDedicatedNodes": 0,
    "targetLowPriorityNodes": 0,
    "taskSlotsPerNode": 2,
    "taskSchedulingPolicy": {"nodeFillType": "pack"},
    "startTask": {
        "commandLine": "true",
        "environmentSettings": [{"name": "A", "value": "b"}],
        "resourceFiles": [{"httpUrl": "http://127.0.0.1:9/a", "filePath": "a", "fileMode": "0644"}],
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "admin"}},
        "maxTaskRetryCount": 1,
        "waitForSuccess": True,
    },
    "applicationPackageReferences": [{"applicationId": "none", "version": "1"}],
    "metadata": [{"name": "a", "value": "b"}],
}
JOB = {
    "id": "any-job",
    "priority": 5,
    "constraints": {"maxWallClockTime": "PT1H", "maxTaskRetryCount": 1},
    "poolInfo": {"poolId": "any-pool"},
    "onAllTasksComplete": "noaction",
    "onTaskFailure": "noaction",
    "usesTaskDependencies": True,
    "commonEnvironmentSettings": [{"name": "A", "value": "b"}],
    "metadata": [{"name": "a", "value": "b"}],
}
TASK = {
    "id": "any-task",
    "commandLine": "true",
    "exitConditions": {
        "exitCodes": [{"code": 1, "exitOptions": {"dependencyAction": "satisfy"}}],
        "exitCodeRanges": [{"start": 2, "end": 3, "exitOptions": {"dependencyAction": "block"}}],
        "default": {"dependencyAction": "block"},
    },
    "resourceFiles": [{"storageContainerUrl": "http://127.0.0.1:9/a", "blobPrefix": "a", "filePath": "a"}],
    "outputFiles": [
        {
            "filePattern": "*",
            "destination": {"container": {"containerUrl": "http://127.0.0.1:9/a", "path": "b"}},
            "uploadOptions": {"uploadCondition": "tasksuccess"},
        }
    ],
    "environmentSettings": [{"name": "A", "value": "b"}],
    "constraints": {"maxWallClockTime": "PT1H", "retentionTime": "P1D", "maxTaskRetryCount": 1},
    "requiredSlots": 1,
    "userIdentity": {"autoUser": {"scope": "task"}},
    "dependsOn": {"taskIds": ["a"], "taskIdRanges": [{"start": 1, "end": 2}]},
}
FORMULA = "$TargetDedicatedNodes = 0;"
BODIES: dict[str, Any] = {
    "create_pool": POOL,
    "resize_pool": {"targetDedicatedNodes": 0, "resizeTimeout": "PT10M", "nodeDeallocationOption": "requeue"},
    "enable_pool_auto_scale": {"autoScaleFormula": FORMULA, "autoScaleEvaluationInterval": "PT5M"},
    "evaluate_pool_auto_scale": {"autoScaleFormula": FORMULA},
    "create_job": JOB,
    "update_job": {name: JOB[name] for name in ("priority", "constraints", "poolInfo", "metadata")},
    "terminate_job": {"terminateReason": "enough"},
    "create_task": TASK,
    "create_task_collection": {"value": [TASK, {"id": "other", "commandLine": "true"}]},
}
QUERY = {"$filter": "id eq 'a'", "$select": "id", "maxresults": "5", "$skiptoken": "1", "recursive": "true"}
HEADERS = {"if-match": "*", "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT", "ocp-range": "bytes=0-1"}

NUMBERS = st.sampled_from([0, -1, 1 << 31, 1 << 63, -(1 << 64), 0.5, 1e308])
TEXTS = st.sampled_from(["", "\0", "a" * 3000, "é", "../..", "P1D", "PT0S", "-1", "null", "any-pool", "\ud7ff", "A=b"])
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.text(max_size=5),
    st.sampled_from([[], {}, [None], [[]], [{}], {"": 1}]),
)
Request = tuple[str, str, Any, dict[str, str], dict[str, str]]
"""Method, path, body, query, headers."""
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a body."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.copy(body)
    result[path[0]] = changed(body[path[0]], path[1:], value)
    return result


@st.composite
def requests(draw: st.DrawFn) -> Request:
    lines = [line.split() for line in operations.TABLE.split("\n") if line and line.split()[0] in HANDLERS]
    name, method, path = draw(st.sampled_from(lines))
    body = BODIES.get(name)
    if body is not None:
        for _ in range(draw(st.integers(0, 2))):
            body = changed(body, draw(st.sampled_from(list(places(body)))), draw(STRANGE))
    known = {
        "pool_id": "any-pool",
        "job_id": "any-job",
        "task_id": "ran",
        "node_id": "none",
        "file_path*": "stdout.txt",
    }
    for parameter, usual in known.items():
        path = path.replace(
            f"{{{parameter}}}", draw(st.sampled_from([usual, usual, usual, "%00", "x" * 300, "%ff", "a.b"]))
        )
    query = {key: draw(st.sampled_from([usual, ""]) | PRINTABLE) for key, usual in QUERY.items() if draw(st.booleans())}
    headers = {key: draw(st.just(usual) | PRINTABLE) for key, usual in HEADERS.items() if draw(st.integers(0, 3)) == 0}
    return method, path.replace("{application_id}", "none"), body, query, headers


@pytest.fixture
def something_there(client: BatchClient, raw: Raw) -> Iterator[None]:
    make_pool(client, "any-pool", nodes=0, targetLowPriorityNodes=1)
    make_job(client, "any-job", "any-pool", usesTaskDependencies=True)
    run(client, "any-job", task("ran", "echo"))
    yield
    for job in client.list_jobs(filter="executionInfo/poolId eq 'any-pool'"):
        raw("DELETE", f"/jobs/{job.id}")
    raw("DELETE", "/pools/any-pool")


def some(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.usefixtures("something_there")
@some(600)
@given(request=requests())
def test_no_request_is_answered_with_an_error_of_the_services_own(raw: Raw, request: Request) -> None:
    check_batch(raw, request)


@pytest.mark.soak
@pytest.mark.usefixtures("something_there")
@some(6_000)
@given(request=requests())
def test_no_request_of_thousands_is_answered_with_an_error_of_the_services_own(raw: Raw, request: Request) -> None:
    check_batch(raw, request)


def check_batch(raw: Raw, request: Request) -> None:
    method, path, body, query, headers = request
    answer = raw(method, path, body, query=query, headers=headers)
    assert answer.status != 500, answer.content
    if answer.status >= 400 and method != "HEAD":
        assert set(answer.body) <= {"odata.metadata", "code", "message", "values"}


def test_service_runs_tasks_after_all_of_it(client: BatchClient, job: str) -> None:
    assert execution(run(client, job, task("t", "true"))).result == "success"
