"""The ARM side's work in storage: containers, and addresses of packages.

An `Account` is made on the service's loop; what takes one talks to storage and blocks, so it runs in a thread.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shoal.local import accounts

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient, ContainerProperties

    from shoal.local.service import Service

UPLOAD_TIME = timedelta(hours=4)
"""Lifetime of a package's upload address. Source: `storageUrlExpiry` as seen on the wire."""
RETRIES = 60
RETRY_AFTER = 1
"""Seconds; storage is away whenever it learns of an account: for a moment, or for long on a machine that is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoStorage:
    name: str
    key: str
    url: str
    """The address for clients and nodes."""
    direct_url: str
    """The address for the service itself, which no gate guards."""
    is_by_role: bool = False
    """True where whoever uploads needs a role, so that addresses have no signature."""


def account(service: "Service", name: str) -> AutoStorage:
    key = accounts.storage_keys(service.connection)[name]
    storage = service.storage
    return AutoStorage(
        name=name, key=key, url=f"{storage.endpoint}/{name}", direct_url=f"{storage.direct_endpoint}/{name}"
    )


@contextmanager
def _client(account: AutoStorage) -> Iterator["BlobServiceClient"]:
    from azure.storage.blob import BlobServiceClient, LinearRetry

    retries = LinearRetry(backoff=RETRY_AFTER, retry_total=RETRIES, retry_connect=RETRIES, random_jitter_range=0)
    credential = {"account_name": account.name, "account_key": account.key}
    with BlobServiceClient(account.direct_url, credential, retry_policy=retries) as client:
        yield client


def make_container(account: AutoStorage, name: str, metadata: Mapping[str, str] | None = None) -> bool:
    """Make the container. Return True where it did not exist."""
    from azure.core.exceptions import ResourceExistsError

    with _client(account) as client:
        try:
            client.create_container(name, metadata=dict(metadata) if metadata else None)
        except ResourceExistsError:
            if metadata is not None:
                client.get_container_client(name).set_container_metadata(dict(metadata))
            return False
    return True


def find_container(account: AutoStorage, name: str) -> "ContainerProperties | None":
    from azure.core.exceptions import ResourceNotFoundError

    with _client(account) as client:
        try:
            return client.get_container_client(name).get_container_properties()
        except ResourceNotFoundError:
            return None


def list_containers(account: AutoStorage) -> "list[ContainerProperties]":
    with _client(account) as client:
        return list(client.list_containers(include_metadata=True))


def is_empty(account: AutoStorage, container: str) -> bool:
    with _client(account) as client:
        return next(iter(client.get_container_client(container).list_blob_names()), None) is None


def delete_container(account: AutoStorage, name: str) -> bool:
    """Delete the container. Return True where it existed."""
    from azure.core.exceptions import ResourceNotFoundError

    with _client(account) as client:
        try:
            client.delete_container(name)
        except ResourceNotFoundError:
            return False
    return True


def delete_containers(account: AutoStorage) -> None:
    for container in list_containers(account):
        delete_container(account, container.name)


def has_blob(account: AutoStorage, container: str, name: str) -> bool:
    with _client(account) as client:
        return client.get_blob_client(container, name).exists()


def delete_blob(account: AutoStorage, container: str, name: str) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with _client(account) as client:
        try:
            client.get_blob_client(container, name).delete_blob()
        except ResourceNotFoundError:
            return


def upload_url(account: AutoStorage, container: str, name: str, *, now: datetime | None = None) -> tuple[str, datetime]:
    """Return the blob's address, signed for reading and writing unless that takes a role, and until when it serves."""
    from azure.storage.blob import BlobSasPermissions, generate_blob_sas

    expiry = (now or datetime.now(UTC)) + UPLOAD_TIME
    address = f"{account.url}/{container}/{name}"
    if account.is_by_role:
        return address, expiry
    signature = generate_blob_sas(
        account.name,
        container,
        name,
        account_key=account.key,
        permission=BlobSasPermissions(read=True, create=True, write=True),
        expiry=expiry,
    )
    return f"{address}?{signature}", expiry
