"""Lists: pages and their continuation, what is selected and filtered."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.local.making import error_code, make_job, make_pool, run, task, wait_for_completed
from tests.raw import Raw

TASKS = 2_100


@pytest.fixture(scope="module")
def large(client: BatchClient) -> Iterator[str]:
    """A job of many tasks that never run."""
    make_job(client, "large", "none")
    client.create_tasks("large", [task(f"t{i:04}", "true", displayName=f"a+b {i}") for i in range(TASKS)])
    yield "large"
    client.begin_delete_job("large")


def ids(tasks: Iterator[models.BatchTask]) -> list[str]:
    return [str(item.id) for item in tasks]


def test_list_of_more_than_a_page_comes_whole_and_once(client: BatchClient, large: str) -> None:
    found = ids(client.list_tasks(large, select=["id"]))
    assert sorted(found) == [f"t{i:04}" for i in range(TASKS)]


def test_page_holds_at_most_a_thousand_or_what_was_asked_for(client: BatchClient, large: str) -> None:
    pages = [len(list(page)) for page in client.list_tasks(large).by_page()]
    assert pages == [1000, 1000, 100]
    pages = [len(list(page)) for page in client.list_tasks(large, max_results=700).by_page()]
    assert pages == [700, 700, 700]


def test_next_link_is_whole_and_keeps_every_option(raw: Raw, large: str) -> None:
    query = {"maxresults": "2", "$filter": "startswith(id,'+') or id ge 't2096'", "$select": "id"}
    first = raw("GET", f"/jobs/{large}/tasks", query=query).body
    link = urlsplit(first["odata.nextLink"])
    assert f"{link.scheme}://{link.netloc}" == f"http://{raw.url.netloc}"
    assert link.path == f"{raw.url.path}/jobs/{large}/tasks"
    kept = {name: values[0] for name, values in parse_qs(link.query, strict_parsing=True).items()}
    assert set(kept) == {*query, "api-version", "$skiptoken"}
    assert {name: kept[name] for name in query} == query
    second = raw("GET", f"/jobs/{large}/tasks", query=kept).body
    found = [item["id"] for item in (*first["value"], *second["value"])]
    assert sorted(found) == ["t2096", "t2097", "t2098", "t2099"]


def test_last_page_has_no_next_link(raw: Raw, large: str) -> None:
    last = raw("GET", f"/jobs/{large}/tasks", query={"$filter": "id ge 't2000'", "maxresults": "100"}).body
    assert len(last["value"]) == 100
    assert "odata.nextLink" not in last


def test_filter_reaches_over_pages(client: BatchClient, large: str) -> None:
    found = ids(client.list_tasks(large, filter="startswith(id,'t00')", max_results=30))
    assert sorted(found) == [f"t{i:04}" for i in range(100)]
    assert ids(client.list_tasks(large, filter="state eq 'completed'")) == []


def test_tasks_added_or_deleted_while_paging_neither_hide_nor_repeat_others(client: BatchClient, name: str) -> None:
    make_job(client, name, "none")
    client.create_tasks(name, [task(f"t{i}", "true") for i in range(20)])
    before = set(ids(client.list_tasks(name)))
    pages = client.list_tasks(name, max_results=5).by_page()
    found = [str(item.id) for item in next(pages)]
    client.delete_task(name, found[0])
    client.create_task(name, task("later", "true"))
    for page in pages:
        found += [str(item.id) for item in page]
    assert len(found) == len(set(found))
    assert set(found) == before | {"later"}


def test_select_gives_those_properties_only(client: BatchClient, raw: Raw, large: str) -> None:
    answer = raw("GET", f"/jobs/{large}/tasks/t0001", query={"$select": "id, state,executionInfo,stats"})
    assert set(answer.body) == {"odata.metadata", "id", "state", "executionInfo"}
    selected = next(iter(client.list_tasks(large, select=["displayName"])))
    assert dict(selected) == {"displayName": selected.display_name}


@pytest.mark.parametrize("path", ["/jobs/large/tasks", "/jobs/large", "/jobs", "/pools", "/pools/shared/nodes"])
def test_property_that_is_none_cannot_be_selected(raw: Raw, large: str, pool: str, path: str) -> None:
    answer = raw("GET", path, query={"$select": "id,colour"})
    assert (answer.status, answer.code) == (400, "InvalidQueryParameterValue")
    assert answer.values["QueryParameterName"] == "$select"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("maxresults", "0", "OutOfRangeQueryParameterValue"),
        ("maxresults", "1001", "OutOfRangeQueryParameterValue"),
        ("maxresults", "-1", "InvalidQueryParameterValue"),
        ("maxresults", "many", "InvalidQueryParameterValue"),
        ("maxresults", "9" * 5000, "InvalidQueryParameterValue"),
        ("$skiptoken", "x", "InvalidQueryParameterValue"),
        ("$skiptoken", "9" * 30, "InvalidQueryParameterValue"),
        ("$filter", "colour eq 'red'", "InvalidQueryParameterValue"),
        ("$filter", "id eq 'a" * 3000, "InvalidQueryParameterValue"),
    ],
)
def test_query_that_batch_would_not_take_is_refused(raw: Raw, name: str, value: str, code: str) -> None:
    answer = raw("GET", "/jobs", query={name: value})
    assert (answer.status, answer.code) == (400, code)
    assert (answer.values["QueryParameterName"], answer.values["QueryParameterValue"]) == (name, value)


def test_jobs_are_listed_filtered_and_paged(client: BatchClient, name: str) -> None:
    for i in range(3):
        make_job(client, f"{name}-{i}", name, priority=i)
    client.begin_terminate_job(f"{name}-1", options={"terminateReason": "enough"})  # type: ignore[arg-type]
    mine = f"startswith(id,'{name}')"
    listed = list(client.list_jobs(filter=mine, max_results=2))
    assert [(job.id, job.priority) for job in listed] == [(f"{name}-{i}", i) for i in range(3)]
    completed = list(client.list_jobs(filter=f"{mine} and state eq 'Completed'", select=["id"]))
    assert [job.id for job in completed] == [f"{name}-1"]
    assert len(list(client.list_jobs(filter=f"executionInfo/poolId eq '{name.upper()}' and state ne 'completed'"))) == 2


def test_pools_are_listed_filtered_and_paged(client: BatchClient, name: str) -> None:
    for i in range(3):
        make_pool(client, f"{name}-{i}", nodes=0, vmSize=f"Standard_D{2 ** (i + 1)}s_v3")
    mine = f"startswith(id,'{name}')"
    assert [pool.id for pool in client.list_pools(filter=mine, max_results=1)] == [f"{name}-{i}" for i in range(3)]
    assert [pool.id for pool in client.list_pools(filter=f"{mine} and vmSize eq 'STANDARD_D4S_V3'")] == [f"{name}-1"]
    assert (
        len(list(client.list_pools(filter=f"{mine} and enableAutoScale eq false and allocationState eq 'steady'"))) == 3
    )


def test_tasks_are_filtered_by_how_they_ended(client: BatchClient, job: str) -> None:
    client.create_tasks(job, [task(f"t{code}", f"/bin/sh -c 'exit {code}'") for code in (0, 3, 4)])
    wait_for_completed(client, job, 3)

    def found(condition: str) -> list[str]:
        return sorted(ids(client.list_tasks(job, filter=condition)))

    assert found("executionInfo/exitCode gt 3") == ["t4"]
    assert found("executionInfo/result eq 'failure' and executionInfo/exitCode lt 4") == ["t3"]
    assert found("executionInfo/result eq 'Success'") == ["t0"]
    ended = client.get_task(job, "t3").execution_info
    assert ended is not None
    assert ended.end_time is not None
    moment = ended.end_time.isoformat().replace("+00:00", "Z")
    assert "t3" in found(f"executionInfo/endTime ge DateTime'{moment}'")
    assert "t3" not in found(f"executionInfo/endTime gt DateTime'{moment}'")


def test_nodes_are_filtered_by_their_state(client: BatchClient, pool: str, job: str) -> None:
    run(client, job, task("t", "true"))
    assert len(list(client.list_nodes(pool, filter="state ne 'unusable'", max_results=1))) == 2
    assert list(client.list_nodes(pool, filter="state eq 'unusable'")) == []
    with pytest.raises(HttpResponseError) as refusal:
        list(client.list_nodes(pool, filter="id eq 'x'"))
    assert error_code(refusal.value) == "InvalidQueryParameterValue"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/jobschedules/{job}/jobs", "id eq 'a'"),
        ("/nodecounts", "poolId gt 'a'"),
        ("/poolusagemetrics", "poolId ne 'a'"),
        ("/applications", "id eq 'a'"),
        ("/pools/shared/nodes", "startTaskInfo/state ne 'running'"),
        ("/jobs/{job}/jobpreparationandreleasetaskstatus", "startswith(nodeId,'a')"),
        ("/jobs/{job}/jobpreparationandreleasetaskstatus", "jobPreparationTaskExecutionInfo/state ne 'running'"),
    ],
)
def test_filter_that_azure_does_not_list_is_refused(
    raw: Raw, client: BatchClient, pool: str, name: str, path: str, text: str
) -> None:
    if "{job}" in path:
        if "jobschedules" in path:
            specification = {"poolInfo": {"poolId": "none"}}
            schedule = {"id": name, "schedule": {"doNotRunUntil": "2050-01-01"}, "jobSpecification": specification}
            assert raw("POST", "/jobschedules", schedule).status == 201
        else:
            make_job(client, name, "none", jobPreparationTask={"commandLine": "true"})
    answer = raw("GET", path.format(job=name), query={"$filter": text})
    raw("DELETE", f"/jobschedules/{name}")
    assert (answer.status, answer.code) == (400, "InvalidQueryParameterValue")
    assert answer.values["QueryParameterName"] == "$filter"
