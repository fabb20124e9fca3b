"""Accounts of somebody else: a stack uses them, and leaves them as they were."""

from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.mgmt.batch import BatchManagementClient

from tests.arm import ArmHttp
from tests.deploy.stacks import Stack
from tests.local.arm.conftest import account, account_name, arm, management, storage
from tests.local.arm.test_storage_accounts import blob_client
from tests.waiting import wait_until

pytestmark = pytest.mark.story

__all__ = ["account", "account_name", "arm", "management", "storage"]


def adopt(stack: Stack, **keys: str) -> None:
    """Rewrite the stack's file: it names no accounts of its own and has these keys."""
    lines = [line for line in stack.file.read_text().splitlines() if "Account:" not in line]
    stack.file.write_text("\n".join([*lines, *(f"  shoal:{key}: {value}" for key, value in keys.items())]) + "\n")


def found(arm: ArmHttp, path: str) -> Any:
    """A resource without what changes by itself."""
    status, resource = arm.call("GET", path)
    assert status == 200, resource
    return {name: value for name, value in resource.items() if name != "etag"}


def test_adopted_accounts_serve_a_stack_and_are_left_as_they_were(
    stack: Stack,
    arm: ArmHttp,
    storage: str,
    account: str,
    management: BatchManagementClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch_account = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}"
    before = found(arm, batch_account), found(arm, storage)
    with blob_client(arm, storage) as blobs:
        blobs.create_container("inputs").upload_blob("theirs", b"content")
    adopt(stack, batchAccountId=batch_account, storageAccountId=storage)
    stack.up()
    environment = stack.environment(monkeypatch)
    assert (environment.batch_account, environment.storage_account) == (account, storage.rsplit("/", 1)[-1])
    key = management.batch_account.get_keys(environment.resource_group, account).primary
    with BatchClient(environment.batch_endpoint, AzureNamedKeyCredential(account, key or "")) as batch:
        assert batch.get_application("var").versions == [environment.packages["var"].version]
        batch.create_job(models.BatchJobCreateOptions(id="first", pool_info=models.BatchPoolInfo(pool_id="spot")))
        batch.create_task("first", models.BatchTaskCreateOptions(id="task", command_line="true"))
        wait_until(lambda: batch.get_task("first", "task").state == "completed")
    assert "No changes" in stack.up()
    assert (found(arm, batch_account), found(arm, storage)) == before
    down = stack.project.shoal("down", "-y", "-s", stack.name)
    assert down.returncode == 0, down.stderr
    assert (found(arm, batch_account), found(arm, storage)) == before
    for kind in ("pools", "applications", "providers/Microsoft.Authorization/roleAssignments"):
        assert arm.call("GET", f"{batch_account}/{kind}")[1]["value"] == []
    assert arm.call("GET", f"{storage}/providers/Microsoft.Authorization/roleAssignments")[1]["value"] == []
    with blob_client(arm, storage) as blobs:
        assert [container.name for container in blobs.list_containers()] == ["inputs"]
        assert blobs.get_blob_client("inputs", "theirs").download_blob().readall() == b"content"


def test_adopted_group_keeps_what_is_not_the_stacks(stack: Stack, arm: ArmHttp) -> None:
    theirs = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    arm.make(theirs, {"location": "westeurope"})
    text = "".join(line for line in stack.file.read_text().splitlines(keepends=True) if "resourceGroup:" not in line)
    stack.file.write_text(f"{text}  shoal:resourceGroupId: {arm.group}\n")
    assert "16 created" in stack.up()
    own = f"providers/Microsoft.Batch/batchAccounts/{stack.name.replace('-', '')}"
    assert arm.call("GET", own)[0] == 200
    assert "16 deleted" in stack.project.shoal("down", "-y", "-s", stack.name).stdout
    assert arm.call("GET", own)[0] == 404
    assert arm.call("GET", theirs)[0] == 200


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            "northeurope",
            "is in westeurope and the stack in northeurope, where its pools would not be; set location",
        ),
        ("westeurope", "has no auto-storage, where packages would be kept; link a storage account to it"),
    ],
)
def test_account_that_cannot_serve_the_stack_is_refused_in_a_preview_too(
    stack: Stack, arm: ArmHttp, account_name: str, location: str, message: str
) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account_name}b"
    arm.make(path, {"location": "westeurope"})
    adopt(stack, batchAccountId=f"{arm.group}/{path}", location=location)
    for words in (("preview",), ("up", "-y")):
        refused = stack.project.shoal(*words, "-s", stack.name)
        assert message in refused.stderr
        assert refused.returncode == 2
    group = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{stack.name.replace('-', '')}"
    assert stack.project.service.arm.get(group, "2024-03-01") is None


def test_account_that_does_not_exist_is_refused_by_its_id(stack: Stack, arm: ArmHttp) -> None:
    adopt(stack, batchAccountId=f"{arm.group}/providers/Microsoft.Batch/batchAccounts/nobody")
    refused = stack.project.shoal("up", "-y", "-s", stack.name)
    assert "/batchAccounts/nobody" in refused.stderr
    assert refused.returncode != 0
