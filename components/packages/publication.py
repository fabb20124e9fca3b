"""Upload and activation of one application package, which azure-native leaves to the caller.

Idempotent: an unchanged package costs three GETs and a HEAD, and a run that broke off is completed by the next one.
Source: pulumi-azure-native's ApplicationPackage makes only the PUT of the version; a version is usable once activated.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..accounts.roles import BLOB_CONTRIBUTOR
from ..azure_provider import batch_client
from ..component_errors import PublicationError
from .package_upload import call_options, credential, upload
from .role_wait import GRANTED_WITHIN, ROLE_IS_MISSING, Answer, RoleWait, RoleWithoutEffect

if TYPE_CHECKING:
    from azure.mgmt.batch import BatchManagementClient

ACCESS_CHECK = "access-check"
"""A version that is reserved and given back, only to see whether Batch can. One left over by a broken run is reused."""


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


def await_access(publication: Publication, wait: RoleWait) -> None:
    """Wait until Batch can reserve versions, which takes the account's role on auto-storage. Raises PublicationError.

    Batch has no question for that, and azure-native gives up at the first refusal. So another version is reserved and
    given back, unless there is the one to publish.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with _connected(publication, "reserved") as client:
        try:
            client.application_package.get(*publication.version_path)
        except ResourceNotFoundError:
            path = *publication.application_path, ACCESS_CHECK
            _when_granted(lambda: client.application_package.create(*path), publication, wait)
            client.application_package.delete(*path)


def publish(publication: Publication, wait: RoleWait) -> str:
    """Make the version active and the application's default; return it. Raises PublicationError."""
    with _connected(publication, "activated") as client:
        _activate(client, publication, wait)
        _make_default(client, publication)
    return publication.version


@contextmanager
def _connected(publication: Publication, done: str) -> Iterator["BatchManagementClient"]:
    from azure.core.exceptions import AzureError

    try:
        with batch_client(publication.token, publication.subscription_id, publication.arm_endpoint) as client:
            yield client
    except AzureError as exc:
        raise PublicationError(
            f"application package {publication.application} {publication.version} could not be {done}: "
            f"{exc.message}; deploy again once the cause is mended"
        ) from exc


def _when_granted(call: Callable[[], Answer], publication: Publication, wait: RoleWait) -> Answer:
    """Return the answer once the Batch account's role on its auto-storage has effect. Raises PublicationError."""
    account = f"Batch account {publication.account}"
    try:
        return wait.until_granted(
            lambda: _attempt(call),
            awaited=f"the role of {account} on its auto-storage",
            role=f"the role {BLOB_CONTRIBUTOR.name} of {account} on its auto-storage",
        )
    except RoleWithoutEffect as exc:
        raise PublicationError(
            f"{account} may not write to its auto-storage, also after {GRANTED_WITHIN.seconds // 60} minutes "
            f"({ROLE_IS_MISSING}): give its identity {BLOB_CONTRIBUTOR.name} on the storage account, and deploy again"
        ) from exc


def _attempt(call: Callable[[], Answer]) -> Answer:
    """Call once. Raises RoleWithoutEffect."""
    from azure.core.exceptions import HttpResponseError

    try:
        return call()
    except HttpResponseError as exc:
        if exc.error is None or exc.error.code != ROLE_IS_MISSING:
            raise
        raise RoleWithoutEffect from exc


def _activate(client: "BatchManagementClient", publication: Publication, wait: RoleWait) -> None:
    from azure.mgmt.batch.models import ActivateApplicationPackageParameters, PackageState

    package = client.application_package.get(*publication.version_path)
    properties = package.properties
    if properties and properties.state == PackageState.ACTIVE and not _is_lost(properties.storage_url, publication):
        return
    upload(
        publication.directory,
        _address(client, publication, wait),
        storage_token=publication.storage_token,
        wait=wait,
    )
    archive_format = ActivateApplicationPackageParameters(format="zip")
    _when_granted(
        lambda: client.application_package.activate(*publication.version_path, parameters=archive_format),
        publication,
        wait,
    )


def _is_lost(address: str | None, publication: Publication) -> bool:
    """Return True if the blob of an active version is not there: the account got other storage since.

    Whoever may not look takes Batch's word for it.
    """
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobClient

    if address is None:
        return False
    try:
        with BlobClient.from_blob_url(address, credential=credential(address, publication.storage_token)) as blob:
            return not blob.exists(**call_options(address, publication.storage_token))
    except AzureError:
        return False


def _address(client: "BatchManagementClient", publication: Publication, wait: RoleWait) -> str:
    """Return the upload address from a new PUT of the version: the one in the stack's outputs expires within hours."""
    package = _when_granted(lambda: client.application_package.create(*publication.version_path), publication, wait)
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
