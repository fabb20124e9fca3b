import dataclasses
import io
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import ApplicationPackageProperties
from azure.storage.blob import BlobClient

from components.component_errors import PublicationError
from components.packages.publication import Publication, await_access, publish
from components.packages.role_wait import RoleWait
from shoal.service_status import Status
from tests.arm import SUBSCRIPTION, ArmHttp

PATIENT = RoleWait(report=lambda _message: None)


@pytest.fixture
def publication(
    service: Status, management: BatchManagementClient, name: str, account: str, tmp_path: Path
) -> Publication:
    """The publication of a version that is reserved and nothing more."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "run.py").write_text("print('hello')\n")
    management.application.create(name, account, "tool")
    management.application_package.create(name, account, "tool", "1.0")
    return Publication(
        arm_endpoint=service.arm_endpoint,
        token=service.arm_token,
        storage_token="",
        subscription_id=SUBSCRIPTION,
        resource_group=name,
        account=account,
        application="tool",
        version="1.0",
        directory=tmp_path / "app",
    )


def package(management: BatchManagementClient, publication: Publication) -> ApplicationPackageProperties:
    properties = management.application_package.get(*publication.version_path).properties
    assert properties
    return properties


def test_version_is_uploaded_activated_and_made_the_default(
    management: BatchManagementClient, publication: Publication
) -> None:
    assert publish(publication, PATIENT) == "1.0"
    published = package(management, publication)
    assert published.state == "Active"
    application = management.application.get(*publication.application_path).properties
    assert application
    assert application.default_version == "1.0"
    with BlobClient.from_blob_url(published.storage_url or "") as blob:
        archive = zipfile.ZipFile(io.BytesIO(blob.download_blob().readall()))
    assert archive.read("run.py") == b"print('hello')\n"


@pytest.fixture
def by_identity(arm: ArmHttp, storage: str, publication: Publication) -> Publication:
    """The publication of a version of an account that uses its storage by an identity without a role."""
    identity = f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
    arm.make(identity, {"location": "westeurope"})
    linked = {"storageAccountId": storage, "authenticationMode": "BatchAccountManagedIdentity"}
    identities = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    path = f"providers/Microsoft.Batch/batchAccounts/{publication.account}"
    arm.make(path, {"location": "westeurope", "identity": identities, "properties": {"autoStorage": linked}})
    return publication


class Assigning:
    """A wait whose sleep ends when the role has effect, after so many of them."""

    def __init__(self, arm: ArmHttp, storage: str, *, after: int) -> None:
        self._arm, self._storage, self._after = arm, storage, after
        self.slept = 0.0
        self.reports: list[str] = []

    def wait(self) -> RoleWait:
        return RoleWait(report=self.reports.append, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.slept == 15.0 * self._after:
            identity = f"{self._arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
            principal = self._arm.call("GET", identity)[1]["properties"]["principalId"]
            role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
            properties = {"principalId": principal, "roleDefinitionId": role, "principalType": "ServicePrincipal"}
            assignment = f"providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
            self._arm.make(f"{self._storage}/{assignment}", {"properties": properties})


STEPS: list[Callable[[Publication, RoleWait], object]] = [await_access, publish]
"""The steps of a deployment that need the account's role: before the version is reserved, and to activate it."""


@pytest.mark.parametrize("step", STEPS)
def test_role_of_the_batch_account_is_waited_for(
    arm: ArmHttp, storage: str, by_identity: Publication, step: Callable[[Publication, RoleWait], object]
) -> None:
    assigning = Assigning(arm, storage, after=9)
    if step is await_access:
        assert arm.call("DELETE", version_path(arm, by_identity))[0] == 200
    with arm.status.chaos(role_delay_seconds=0.000001):
        step(by_identity, assigning.wait())
    role = f"the role of Batch account {by_identity.account} on its auto-storage"
    later = f"the role Storage Blob Data Contributor of Batch account {by_identity.account} on its auto-storage"
    assert assigning.slept == 135.0
    assert assigning.reports == [
        f"waiting until {role} has effect, up to ten minutes",
        f"still waiting, after 2 minutes, for {later}",
    ]


@pytest.mark.parametrize("step", STEPS)
def test_role_of_the_batch_account_that_never_comes_is_named(
    arm: ArmHttp, storage: str, by_identity: Publication, step: Callable[[Publication, RoleWait], object]
) -> None:
    assigning = Assigning(arm, storage, after=1000)
    if step is await_access:
        assert arm.call("DELETE", version_path(arm, by_identity))[0] == 200
    with arm.status.chaos(role_delay_seconds=0.000001), pytest.raises(PublicationError) as refused:
        step(by_identity, assigning.wait())
    assert str(refused.value) == (
        f"Batch account {by_identity.account} may not write to its auto-storage, also after 10 minutes "
        "(AuthorizationPermissionMismatch): give its identity Storage Blob Data Contributor on the storage account, "
        "and deploy again"
    )
    assert assigning.slept == 600.0


def test_look_whether_versions_can_be_reserved_leaves_none_behind(
    arm: ArmHttp, management: BatchManagementClient, publication: Publication
) -> None:
    arm.call("DELETE", version_path(arm, publication))
    await_access(publication, PATIENT)
    assert list(management.application_package.list(*publication.application_path)) == []


def test_active_version_whose_blob_is_in_former_storage_is_uploaded_again(
    arm: ArmHttp, management: BatchManagementClient, storage: str, publication: Publication
) -> None:
    publish(publication, PATIENT)
    path = f"providers/Microsoft.Batch/batchAccounts/{publication.account}"
    arm.make(path, {"location": "westeurope", "properties": {"autoStorage": {"storageAccountId": storage}}})
    publish(publication, PATIENT)
    published = package(management, publication)
    assert published.state == "Active"
    with BlobClient.from_blob_url(published.storage_url or "") as blob:
        assert (blob.account_name, blob.exists()) == (storage.rsplit("/", 1)[-1], True)


def version_path(arm: ArmHttp, publication: Publication) -> str:
    account = f"{arm.group}/providers/Microsoft.Batch/batchAccounts/{publication.account}"
    return f"{account}/applications/{publication.application}/versions/{publication.version}"


def test_published_version_is_left_as_it_is(management: BatchManagementClient, publication: Publication) -> None:
    publish(publication, PATIENT)
    before = package(management, publication)
    publish(publication, PATIENT)
    assert package(management, publication).last_activation_time == before.last_activation_time


def test_default_that_was_not_set_any_more_is_set_by_the_next_run(
    service: Status, management: BatchManagementClient, publication: Publication
) -> None:
    publish(publication, PATIENT)
    management.application.create(*publication.application_path)
    publish(publication, PATIENT)
    account = publication.account
    key = management.batch_account.get_keys(publication.resource_group, account).primary
    with BatchClient(f"{service.arm_endpoint}/{account}", AzureNamedKeyCredential(account, key or "")) as batch:
        pool = models.BatchPoolCreateOptions(
            id="p",
            vm_size="x",
            application_package_references=[models.BatchApplicationPackageReference(application_id="tool")],
        )
        batch.create_pool(pool)  # refused where there is no default version


def test_failure_names_the_package_and_keeps_the_services_words(publication: Publication) -> None:
    with pytest.raises(PublicationError) as failed:
        publish(dataclasses.replace(publication, version="2.0"), PATIENT)
    assert str(failed.value).startswith("application package tool 2.0 could not be activated: (ResourceNotFound)")
    assert str(failed.value).endswith("deploy again once the cause is mended")
