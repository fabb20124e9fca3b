import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import ActivateApplicationPackageParameters, Application, ApplicationProperties
from azure.storage.blob import BlobClient

from shoal.service_status import Status
from tests.arm import ArmHttp
from tests.waiting import wait_until

ZIP = ActivateApplicationPackageParameters(format="zip")


def archive(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return target.getvalue()


def upload(management: BatchManagementClient, group: str, account: str, version: str, content: bytes) -> None:
    package = management.application_package.create(group, account, "tool", version)
    assert package.properties
    assert package.properties.storage_url
    with BlobClient.from_blob_url(package.properties.storage_url) as blob:
        blob.upload_blob(content, overwrite=True)


@pytest.fixture
def tool(management: BatchManagementClient, name: str, account: str) -> None:
    management.application.create(name, account, "tool")


@pytest.mark.usefixtures("tool")
def test_version_is_pending_until_it_is_uploaded_and_activated(
    management: BatchManagementClient, name: str, account: str
) -> None:
    pending = management.application_package.create(name, account, "tool", "1.0").properties
    assert pending
    assert (pending.state, pending.format) == ("Pending", None)
    assert pending.storage_url_expiry
    assert timedelta(hours=3) < pending.storage_url_expiry - datetime.now(UTC) <= timedelta(hours=4)
    with pytest.raises(ResourceExistsError, match="not uploaded"):
        management.application_package.activate(name, account, "tool", "1.0", ZIP)
    upload(management, name, account, "1.0", archive(a="b"))
    active = management.application_package.activate(name, account, "tool", "1.0", ZIP).properties
    assert active
    assert (active.state, active.format) == ("Active", "zip")
    assert active.last_activation_time


def test_empty_names_of_an_application_are_none(arm: ArmHttp, account: str) -> None:
    path = f"providers/Microsoft.Batch/batchAccounts/{account}/applications/tool"
    made = arm.make(path, {"properties": {"allowUpdates": True, "defaultVersion": "", "displayName": ""}})
    assert made["properties"] == {"allowUpdates": True}


@pytest.mark.usefixtures("tool")
def test_only_an_active_version_can_be_the_default(management: BatchManagementClient, name: str, account: str) -> None:
    upload(management, name, account, "1.0", archive(a="b"))
    default = Application(properties=ApplicationProperties(default_version="1.0"))
    with pytest.raises(ResourceExistsError, match="no active version"):
        management.application.update(name, account, "tool", default)
    management.application_package.activate(name, account, "tool", "1.0", ZIP)
    changed = management.application.update(name, account, "tool", default).properties
    assert changed
    assert changed.default_version == "1.0"
    management.application_package.delete(name, account, "tool", "1.0")
    left = management.application.get(name, account, "tool").properties
    assert left
    assert left.default_version is None


def test_existing_version_is_kept_where_updates_are_not_allowed(
    management: BatchManagementClient, name: str, account: str
) -> None:
    fixed = Application(properties=ApplicationProperties(allow_updates=False, display_name="Tool"))
    management.application.create(name, account, "tool", fixed)
    management.application_package.create(name, account, "tool", "1.0")
    with pytest.raises(ResourceExistsError, match="does not allow existing packages to be updated"):
        management.application_package.create(name, account, "tool", "1.0")


@pytest.mark.usefixtures("tool")
def test_application_goes_only_after_its_versions(management: BatchManagementClient, name: str, account: str) -> None:
    management.application_package.create(name, account, "tool", "1.0")
    assert [p.name for p in management.application_package.list(name, account, "tool")] == ["1.0"]
    with pytest.raises(ResourceExistsError, match="must be deleted before"):
        management.application.delete(name, account, "tool")
    management.application_package.delete(name, account, "tool", "1.0")
    management.application.delete(name, account, "tool")
    assert list(management.application.list(name, account)) == []
    with pytest.raises(ResourceNotFoundError):
        management.application_package.create(name, account, "tool", "1.0")


@pytest.mark.usefixtures("tool")
def test_tasks_find_the_package_of_their_pool_unpacked(
    management: BatchManagementClient, name: str, account: str, arm: ArmHttp, service: Status
) -> None:
    upload(management, name, account, "1.0", archive(**{"greet.sh": "echo hello from 1.0"}))
    management.application_package.activate(name, account, "tool", "1.0", ZIP)
    reference = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}/applications/tool"
    arm.make(
        f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p",
        {
            "properties": {
                "vmSize": "STANDARD_D2S_V3",
                "applicationPackages": [{"id": reference, "version": "1.0"}],
                "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 1}},
            }
        },
    )
    key = management.batch_account.get_keys(name, account).primary
    with BatchClient(f"{service.arm_endpoint}/{account}", AzureNamedKeyCredential(account, key or "")) as batch:
        batch.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
        command = "/bin/sh -c 'sh $AZ_BATCH_APP_PACKAGE_tool_1_0/greet.sh'"
        batch.create_task("j", models.BatchTaskCreateOptions(id="t", command_line=command))
        wait_until(lambda: batch.get_task("j", "t").state == "completed")
        assert b"".join(batch.download_task_file("j", "t", "stdout.txt")) == b"hello from 1.0\n"


def test_pool_that_names_an_inactive_version_is_refused(
    management: BatchManagementClient, name: str, account: str, arm: ArmHttp
) -> None:
    management.application.create(name, account, "tool")
    management.application_package.create(name, account, "tool", "1.0")
    reference = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{account}/applications/tool"
    body = {"properties": {"vmSize": "x", "applicationPackages": [{"id": reference, "version": "1.0"}]}}
    status, answer = arm.call("PUT", f"providers/Microsoft.Batch/batchAccounts/{account}/pools/p", body)
    assert (status, answer["error"]["code"]) == (409, "InvalidApplicationPackageReferences")


def test_account_without_storage_takes_no_packages(
    management: BatchManagementClient, name: str, account_name: str, arm: ArmHttp
) -> None:
    arm.make(f"providers/Microsoft.Batch/batchAccounts/{account_name}", {"location": "westeurope"})
    management.application.create(name, account_name, "tool")
    with pytest.raises(HttpResponseError, match="no auto-storage account"):
        management.application_package.create(name, account_name, "tool", "1.0")
