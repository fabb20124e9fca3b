"""Upload of an application package into auto-storage, by a signed address or by the deployer's own role.

Source: REST reference, Application Package - Create: the address has a signature only where auto-storage is used by
keys. Where it is used by identity, the deployer needs a role on the storage account.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from ..azure_provider import ProviderToken
from ..component_errors import PublicationError
from .package_content import write_archive

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

FORBIDDEN = 403
NOT_YET_GRANTED = ("AuthorizationPermissionMismatch", "AuthorizationFailure")
"""Codes by which blob storage refuses a caller without the role. Source: Azure Storage, common REST error codes."""
RETRY_AFTER = timedelta(seconds=15)
GRANTED_WITHIN = timedelta(minutes=10)
"""Source: Azure RBAC troubleshooting: a role assignment takes up to ten minutes to have effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWait:
    """The way to wait until a role that was just assigned has effect."""

    report: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep


def upload(directory: Path, address: str, *, storage_token: str, wait: RoleWait) -> None:
    """Upload the archive. Raises PublicationError if the role comes too late, and AzureError for other failures."""
    from azure.core.exceptions import HttpResponseError

    with tempfile.TemporaryFile() as archive:
        write_archive(directory, archive)
        for attempt in range(GRANTED_WITHIN // RETRY_AFTER + 1):
            if attempt == 1:
                wait.report("waiting until the role on the storage account has effect, up to ten minutes")
            if attempt:
                wait.sleep(RETRY_AFTER.total_seconds())
            try:
                return _put(archive, address, storage_token)
            except HttpResponseError as exc:
                if exc.status_code != FORBIDDEN or _code(exc) not in NOT_YET_GRANTED:
                    raise
                refused = exc
    raise PublicationError(
        f"whoever deploys may not write blobs to {urlsplit(address).netloc} ({_code(refused)}): "
        "add your own object id to deployers, or give yourself Storage Blob Data Contributor, and deploy again"
    ) from refused


def _put(archive: IO[bytes], address: str, storage_token: str) -> None:
    from azure.storage.blob import BlobClient

    credential = None if urlsplit(address).query else ProviderToken(storage_token)
    with BlobClient.from_blob_url(address, credential=credential) as blob:
        archive.seek(0)
        blob.upload_blob(archive, overwrite=True)


def _code(exc: "HttpResponseError") -> str:
    """Source: azure-storage-blob adds `error_code` to the error that it raises."""
    return str(getattr(exc, "error_code", ""))
