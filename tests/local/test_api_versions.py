"""Clients of older api-versions, which send and read other properties."""

from tests.local.making import VM_SIZE
from tests.raw import Raw

OLD = {"api-version": "2020-03-01.11.0"}


def test_pool_is_made_and_read_with_the_properties_of_its_version(raw: Raw, name: str) -> None:
    body = {"id": name, "vmSize": VM_SIZE, "maxTasksPerNode": 3, "certificateReferences": []}
    assert raw("POST", "/pools", body, query=OLD).status == 201
    old, today = raw("GET", f"/pools/{name}", query=OLD).body, raw("GET", f"/pools/{name}").body
    assert (old["maxTasksPerNode"], old["certificateReferences"]) == (3, [])
    assert "taskSlotsPerNode" not in old
    assert today["taskSlotsPerNode"] == 3
    assert today.keys().isdisjoint({"maxTasksPerNode", "certificateReferences"})
    (listed,) = raw("GET", "/pools", query={**OLD, "$filter": f"id eq '{name}'"}).body["value"]
    assert listed["maxTasksPerNode"] == 3


def test_counts_of_tasks_are_flat_before_there_were_slots(raw: Raw, job: str) -> None:
    old = raw("GET", f"/jobs/{job}/taskcounts", query=OLD).body
    metadata = old.pop("odata.metadata")
    assert metadata.endswith("#taskcounts/@Element")
    assert old == {"active": 0, "running": 0, "completed": 0, "succeeded": 0, "failed": 0}


def test_cloud_services_are_refused_by_name_where_the_version_knows_them(raw: Raw, name: str) -> None:
    body = {"id": name, "vmSize": "small", "cloudServiceConfiguration": {"osFamily": "4"}}
    answer = raw("POST", "/pools", body, query=OLD)
    assert answer.status == 501
    assert "pool property cloudServiceConfiguration" in answer.body["message"]["value"]
    assert raw("POST", "/pools", body).code == "UnsupportedProperty"
