from dataclasses import asdict

import pytest

from shoal.arm import ArmClient
from shoal.deploy.embedded.stack_record import (
    API_VERSION,
    SUBSCRIPTION,
    RecordedResource,
    StackRecord,
    delete_record,
    load_record,
    save_record,
)
from shoal.deploy.embedded_service import EmbeddedService
from shoal.service_status import Status


@pytest.fixture
def arm(service: Status) -> ArmClient:
    return EmbeddedService(status=service).arm


def recorded(project: str, stack: str) -> StackRecord:
    group = RecordedResource(
        urn=f"urn:pulumi:{stack}::{project}::azure-native:resources:ResourceGroup::group",
        type="azure-native:resources:ResourceGroup",
        id=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{project}",
        inputs={},
    )
    return StackRecord(project=project, stack=stack, resources=(group,), outputs={"of": project})


def test_stacks_whose_names_join_to_the_same_text_have_records_of_their_own(arm: ArmClient, name: str) -> None:
    first, second = recorded(f"{name}-b", "c"), recorded(name, "b-c")
    for record in (first, second):
        save_record(arm, record)
    assert load_record(arm, f"{name}-b", "c") == first
    assert load_record(arm, name, "b-c") == second
    delete_record(arm, first)
    assert load_record(arm, f"{name}-b", "c") is None
    assert load_record(arm, name, "b-c") == second


def test_record_of_an_earlier_version_is_found_by_its_own_stack_and_deleted_with_it(arm: ArmClient, name: str) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deploymentStacks/{name}-b-c"
    record = recorded(name, "b-c")
    properties = {"resources": [asdict(one) for one in record.resources], "outputs": record.outputs}
    arm.put(path, API_VERSION, {"location": "local", "properties": properties})
    assert load_record(arm, f"{name}-b", "c") is None
    assert load_record(arm, name, "b-c") == record
    save_record(arm, record)
    delete_record(arm, record)
    assert load_record(arm, name, "b-c") is None
