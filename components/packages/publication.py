"""Upload and activation of one application package, which azure-native leaves to the caller.

Idempotent: an unchanged package costs two GETs, and a run that broke off is completed by the next one.
Source: pulumi-azure-native's ApplicationPackage makes only the PUT of the version; a version is usable once activated.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..component_errors import PublicationError
from .package_upload import RoleWait, upload

if TYPE_CHECKING:
    from azure.mgmt.batch import BatchManagementClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    arm_endpoint: str
    token: str
    """Token for Azure Resource Manager."""
    storage_token: str
    """Token for blobs, needed if the account uses its auto-storage by identity."""
    subscription_id: str
    resource_group: str
    account: str
    application: str
    version: str
    directory: Path

    @property
    def application_path(self) -> tuple[str, str, str]:
        return self.resource_group, self.account, self.application

    @property
    def version_path(self) -> tuple[str, str, str, str]:
        return *self.application_path, self.version


def publish(publication: Publication, wait: RoleWait) -> str:
    """Make the version active and the application's default; return it. Raises PublicationError."""
    from azure.core.exceptions import AzureError

    try:
        with _client(publication) as client:
            _activate(client, publication, wait)
            _make_default(client, publication)
    except AzureError as exc:
        raise PublicationError(
            f"application package {publication.application} {publication.version} could not be activated: "
            f"{exc.message}; deploy again once the cause is mended"
        ) from exc
    return publication.version


def _client(publication: Publication) -> "BatchManagementClient":
    from azure.mgmt.batch import BatchManagementClient

    from ..azure_provider import ProviderToken, ProviderTokenPolicy

    return BatchManagementClient(
        ProviderToken(publication.token),
        publication.subscription_id,
        publication.arm_endpoint,
        authentication_policy=ProviderTokenPolicy(publication.token, publication.arm_endpoint),
    )


def _activate(client: "BatchManagementClient", publication: Publication, wait: RoleWait) -> None:
    from azure.mgmt.batch.models import ActivateApplicationPackageParameters, PackageState

    package = client.application_package.get(*publication.version_path)
    if package.properties and package.properties.state == PackageState.ACTIVE:
        return
    upload(
        publication.directory,
        _address(client, publication),
        storage_token=publication.storage_token,
        wait=wait,
    )
    client.application_package.activate(
        *publication.version_path, parameters=ActivateApplicationPackageParameters(format="zip")
    )


def _address(client: "BatchManagementClient", publication: Publication) -> str:
    """Return the upload address from a new PUT of the version: the one in the stack's outputs expires within hours."""
    package = client.application_package.create(*publication.version_path)
    if package.properties is None or package.properties.storage_url is None:
        raise PublicationError(f"the Batch account {publication.account} gave no address to upload packages to")
    return package.properties.storage_url


def _make_default(client: "BatchManagementClient", publication: Publication) -> None:
    from azure.mgmt.batch.models import Application, ApplicationProperties

    application = client.application.get(*publication.application_path)
    if application.properties and application.properties.default_version == publication.version:
        return
    properties = ApplicationProperties(default_version=publication.version)
    client.application.update(*publication.application_path, parameters=Application(properties=properties))
