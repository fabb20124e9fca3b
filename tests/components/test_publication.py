import dataclasses
import io
import zipfile
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import ApplicationPackageProperties
from azure.storage.blob import BlobClient

from components.component_errors import PublicationError
from components.packages.package_upload import RoleWait
from components.packages.publication import Publication, publish
from shoal.service_status import Status
from tests.arm import SUBSCRIPTION

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
