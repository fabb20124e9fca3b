"""Upload of an application package into auto-storage, by a signed address or by the deployer's own role.

Source: REST reference, Application Package - Create: the address has a signature only where auto-storage is used by
keys. Where it is used by identity, the deployer needs a role on the storage account.
"""

import tempfile
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shoal.environment import is_loopback

from ..accounts.roles import BLOB_CONTRIBUTOR
from ..azure_provider import ProviderToken, object_id
from ..component_errors import PublicationError
from .package_content import write_archive
from .role_wait import GRANTED_WITHIN, ROLE_IS_MISSING, RoleWait, RoleWithoutEffect

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

NETWORK_IS_CLOSED = "AuthorizationFailure"
"""The code by which the account's network rules refuse a caller, whatever roles it has.

Source: Azure Storage, "Configure firewalls and virtual networks" and common REST error codes.
"""


def upload(directory: Path, address: str, *, storage_token: str, wait: RoleWait) -> None:
    """Upload the archive, as soon as the deployer's role has effect.

    Raises PublicationError if it comes too late or the network is closed, and AzureError for other failures.
    """
    host = urlsplit(address).netloc
    with tempfile.TemporaryFile() as archive:
        write_archive(directory, archive)
        try:
            wait.until_granted(
                lambda: _attempt(archive, address, storage_token),
                awaited="the role on the storage account",
                role=f"the deployer's role {BLOB_CONTRIBUTOR.name} on {host}",
            )
        except RoleWithoutEffect as exc:
            raise PublicationError(_refused(host, object_id(storage_token))) from exc


def _refused(host: str, principal: str | None) -> str:
    return (
        f"whoever deploys{f' (object id {principal})' if principal else ''} may not write blobs to {host}, also "
        f"after {GRANTED_WITHIN // timedelta(minutes=1)} minutes ({ROLE_IS_MISSING}): add your own object id to "
        f"deployers, or give yourself {BLOB_CONTRIBUTOR.name}, and deploy again"
    )


def _attempt(archive: IO[bytes], address: str, storage_token: str) -> None:
    """Upload once. Raises RoleWithoutEffect."""
    from azure.core.exceptions import HttpResponseError

    try:
        _put(archive, address, storage_token)
    except HttpResponseError as exc:
        if _code(exc) == NETWORK_IS_CLOSED:
            raise PublicationError(_closed(urlsplit(address).netloc)) from exc
        if _code(exc) != ROLE_IS_MISSING:
            raise
        raise RoleWithoutEffect from exc


def _closed(host: str) -> str:
    return (
        f"the network rules of {host} do not let this machine in ({NETWORK_IS_CLOSED}), which no role changes: "
        "add its public address to allowedAddresses, or deploy from inside the network"
    )


def _put(archive: IO[bytes], address: str, storage_token: str) -> None:
    from azure.storage.blob import BlobClient

    with BlobClient.from_blob_url(address, credential=credential(address, storage_token)) as blob:
        archive.seek(0)
        blob.upload_blob(archive, overwrite=True, **call_options(address, storage_token))


def credential(address: str, storage_token: str) -> ProviderToken | None:
    """Return the deployer's credential for an address without a signature."""
    return None if urlsplit(address).query or _is_plain(address) else ProviderToken(storage_token)


def call_options(address: str, storage_token: str) -> dict[str, Any]:
    """Return the options of a call that takes the deployer's token to the embedded service's storage.

    azure-storage-blob takes a token as a credential for HTTPS only.
    """
    if urlsplit(address).query or not _is_plain(address):
        return {}
    return {"headers": {"Authorization": f"Bearer {storage_token}"}}


def _is_plain(address: str) -> bool:
    """Return True for plain HTTP to this machine; elsewhere a token would be read on its way."""
    return urlsplit(address).scheme == "http" and is_loopback(address)


def _code(exc: "HttpResponseError") -> str:
    """Source: azure-storage-blob adds `error_code` to the error that it raises, as an enum where it knows the code."""
    code = getattr(exc, "error_code", "")
    return str(code.value if isinstance(code, Enum) else code)
