"""Upload of an application package into auto-storage, by a signed address or by the deployer's own role.

Source: REST reference, Application Package - Create: the address has a signature only where auto-storage is used by
keys. Where it is used by identity, the deployer needs a role on the storage account.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from ..accounts.roles import BLOB_CONTRIBUTOR
from ..azure_provider import ProviderToken, object_id
from ..component_errors import PublicationError
from .package_content import write_archive

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

ROLE_IS_MISSING = "AuthorizationPermissionMismatch"
"""The code by which blob storage refuses a caller without the role, or whose role has no effect yet.

Source: Azure Storage, "Troubleshoot 403 errors"; seen in 2026.
"""
NETWORK_IS_CLOSED = "AuthorizationFailure"
"""The code by which the account's network rules refuse a caller, whatever roles it has.

Source: Azure Storage, "Configure firewalls and virtual networks" and common REST error codes.
"""
RETRY_AFTER = timedelta(seconds=15)
REPORT_EVERY = timedelta(minutes=2)
GRANTED_WITHIN = timedelta(minutes=10)
"""Source: Azure RBAC troubleshooting: a role assignment takes up to ten minutes to have effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWait:
    """The way to wait until a role that was just assigned has effect."""

    report: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep


def upload(directory: Path, address: str, *, storage_token: str, wait: RoleWait) -> None:
    """Upload the archive, as soon as the deployer's role has effect.

    Raises PublicationError if it comes too late or the network is closed, and AzureError for other failures.
    """
    host = urlsplit(address).netloc
    with tempfile.TemporaryFile() as archive:
        write_archive(directory, archive)
        for waited in _waits():
            if _is_accepted(archive, address, storage_token):
                return
            if waited % REPORT_EVERY == timedelta(0) and waited < GRANTED_WITHIN:
                wait.report(_progress(host, waited))
            if waited < GRANTED_WITHIN:
                wait.sleep(RETRY_AFTER.total_seconds())
    principal = object_id(storage_token)
    raise PublicationError(
        f"whoever deploys{f' (object id {principal})' if principal else ''} may not write blobs to {host}, also "
        f"after {GRANTED_WITHIN // timedelta(minutes=1)} minutes ({ROLE_IS_MISSING}): add your own object id to "
        f"deployers, or give yourself {BLOB_CONTRIBUTOR.name}, and deploy again"
    )


def _waits() -> Iterator[timedelta]:
    """Yield the time waited before each attempt."""
    yield from (RETRY_AFTER * i for i in range(GRANTED_WITHIN // RETRY_AFTER + 1))


def _progress(host: str, waited: timedelta) -> str:
    if not waited:
        return "waiting until the role on the storage account has effect, up to ten minutes"
    minutes = waited // timedelta(minutes=1)
    return f"still waiting, after {minutes} minutes, for the deployer's role {BLOB_CONTRIBUTOR.name} on {host}"


def _is_accepted(archive: IO[bytes], address: str, storage_token: str) -> bool:
    """Try once; return False where the role is missing."""
    from azure.core.exceptions import HttpResponseError

    try:
        _put(archive, address, storage_token)
    except HttpResponseError as exc:
        if _code(exc) == NETWORK_IS_CLOSED:
            raise PublicationError(_closed(urlsplit(address).netloc)) from exc
        if _code(exc) != ROLE_IS_MISSING:
            raise
        return False
    return True


def _closed(host: str) -> str:
    return (
        f"the network rules of {host} do not let this machine in ({NETWORK_IS_CLOSED}), which no role changes: "
        "add its public address to allowedAddresses, or deploy from inside the network"
    )


def _put(archive: IO[bytes], address: str, storage_token: str) -> None:
    from azure.storage.blob import BlobClient

    credential = None if urlsplit(address).query else ProviderToken(storage_token)
    with BlobClient.from_blob_url(address, credential=credential) as blob:
        archive.seek(0)
        blob.upload_blob(archive, overwrite=True)


def _code(exc: "HttpResponseError") -> str:
    """Source: azure-storage-blob adds `error_code` to the error that it raises, as an enum where it knows the code."""
    code = getattr(exc, "error_code", "")
    return str(code.value if isinstance(code, Enum) else code)
