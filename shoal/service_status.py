"""The address and keys of a running service: one file in its state directory, readable by its owner only."""

import json
import os
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.batch import BatchClient
    from azure.storage.blob import BlobServiceClient

FILE_NAME = "service.json"
LOCK_NAME = "service.lock"
"""Held by the service as long as it runs, so that nothing else can be mistaken for it."""

MENDED_WITHIN = 3.0
"""Seconds within which a service has replaced a damaged status."""

OWN_VERSION = "1"
"""The api-version of the service's own interface, which has one only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Endpoints and keys for clients. Endpoints carry the scheme and no trailing slash."""

    pid: int
    state_dir: str
    batch_endpoint: str
    """`http://127.0.0.1:PORT/ACCOUNT` of the account that always exists; all endpoints may be `https://`."""
    account: str
    key: str
    arm_endpoint: str
    arm_token: str
    """The bearer token that the ARM side accepts."""
    blob_endpoint: str
    """`http://127.0.0.1:PORT/STORAGE_ACCOUNT` of the storage account that always exists."""
    storage_account: str
    storage_key: str
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    """The tenant, and the principal to which its token endpoint gives tokens."""
    ca_file: str | None = None
    """The certificate of the service's own authority; None where it speaks plain HTTP."""
    ca_bundle: str | None = None
    """The usual public authorities and the service's own in one file."""
    power_safe: bool = False
    """An acknowledged request survives a power cut, too."""
    task_users: bool = False
    """Tasks run as Unix users of their own."""

    @property
    def scheme(self) -> str:
        return "http" if self.ca_file is None else "https"

    @property
    def identity_endpoint(self) -> str:
        """Endpoint of managed identities in App Service's form, which takes the secret in a header."""
        return f"{self.arm_endpoint}/-/identity/token"

    @property
    def machine_identity_endpoint(self) -> str:
        """Authority host of managed identities in the form of virtual machines; it contains the secret."""
        return f"{self.arm_endpoint}/-/identity/{self.client_secret}"

    @property
    def storage_connection_string(self) -> str:
        """Connection string of the storage account, as `BlobServiceClient.from_connection_string` takes it."""
        parts = {
            "DefaultEndpointsProtocol": self.scheme,
            "AccountName": self.storage_account,
            "AccountKey": self.storage_key,
            "BlobEndpoint": self.blob_endpoint,
        }
        return ";".join(f"{name}={value}" for name, value in parts.items())

    @property
    def client_variables(self) -> dict[str, str]:
        """Environment variables by which official clients, `az` among them, find the two accounts."""
        return {
            "AZURE_BATCH_ACCOUNT": self.account,
            "AZURE_BATCH_ENDPOINT": self.batch_endpoint,
            "AZURE_BATCH_ACCESS_KEY": self.key,
            "AZURE_STORAGE_CONNECTION_STRING": self.storage_connection_string,
            **self._https_variables,
        }

    @property
    def _https_variables(self) -> dict[str, str]:
        """Empty over plain HTTP, where Azure's clients send no tokens."""
        if self.ca_file is None or self.ca_bundle is None:
            return {}
        return {
            **trust_variables(authority=self.ca_file, bundle=self.ca_bundle),
            "IDENTITY_ENDPOINT": self.identity_endpoint,
            "IDENTITY_HEADER": self.client_secret,
        }

    @property
    def _verification(self) -> dict[str, Any]:
        """Arguments of Azure's clients."""
        return {} if self.ca_file is None else {"connection_verify": self.ca_file}

    def batch_client(self) -> "BatchClient":
        """Return a client of azure-batch for the account; close it, or use it in a `with` block."""
        from azure.batch import BatchClient
        from azure.core.credentials import AzureNamedKeyCredential

        key = AzureNamedKeyCredential(self.account, self.key)
        return BatchClient(self.batch_endpoint, key, **self._verification)

    def blob_service_client(self) -> "BlobServiceClient":
        """Return a client of azure-storage-blob for the storage account; close it, or use it in a `with` block."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient.from_connection_string(self.storage_connection_string, **self._verification)

    def set_chaos(self, **conditions: object) -> dict[str, Any]:
        """Set simulated cloud conditions, and return all that are in force.

        They are those of `shoal local chaos`, with `_` for `-`; `like="azure"` sets all of them first. They stay in the
        service's state. Raises BadInput for a condition or a value that does not exist.
        """
        from shoal.arm import ArmClient, ArmError
        from shoal.errors import BadInput

        try:
            return ArmClient(self).put("/-/chaos", OWN_VERSION, conditions)
        except ArmError as exc:
            raise BadInput(exc.message) from exc

    @contextmanager
    def chaos(self, **conditions: object) -> Iterator[dict[str, Any]]:
        """Set simulated cloud conditions for a `with` block; after it, the earlier ones are in force again."""
        before = self.set_chaos()
        try:
            yield self.set_chaos(**conditions)
        finally:
            self.set_chaos(**before)


def trust_variables(*, authority: str, bundle: str) -> dict[str, str]:
    """Return the environment variables by which OpenSSL and Go, Python's requests, and Node trust the authority."""
    return {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "NODE_EXTRA_CA_CERTS": authority}


def trust_running_service(environment: MutableMapping[str, str]) -> None:
    """Add the variables by which this process and its children trust the user's service, where it speaks HTTPS.

    Variables that are set already stay.
    """
    try:
        status = read_status(default_state_dir())
    except (ValueError, TypeError, OSError):
        return  # a command that needs the service says what is wrong with its status
    if status is not None and status.ca_file is not None and status.ca_bundle is not None:
        for name, value in trust_variables(authority=status.ca_file, bundle=status.ca_bundle).items():
            environment.setdefault(name, value)


def default_state_dir() -> Path:
    """`$SHOAL_STATE`, or `shoal` below the user's state directory (XDG Base Directory Specification)."""
    if chosen := os.environ.get("SHOAL_STATE"):
        return Path(chosen).absolute()
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "shoal"


def write_status(status: Status) -> None:
    """Write the file whole or not at all, for its owner only: it holds keys."""
    path = Path(status.state_dir) / FILE_NAME
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(status), indent=2))
    draft.replace(path)


def is_written(status: Status) -> bool:
    """True where the file holds this status."""
    try:
        return bool(json.loads((Path(status.state_dir) / FILE_NAME).read_text()) == asdict(status))
    except (OSError, ValueError):
        return False


def read_status(state_dir: Path) -> Status | None:
    """Return the status of the service that runs on this state directory, or None where none is ready."""
    if not is_running(state_dir):
        return None
    deadline = time.monotonic() + MENDED_WITHIN
    while True:
        try:
            return Status(**json.loads((state_dir / FILE_NAME).read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            # Somebody has damaged it. The service writes it anew, unless a directory stands there.
            if time.monotonic() > deadline:
                return None
        time.sleep(0.05)


def process_id(state_dir: Path) -> int | None:
    """Return the process that holds the directory, also where it has no status that can be read."""
    try:
        return int((state_dir / LOCK_NAME).read_text())
    except (OSError, ValueError):
        return None


def is_running(state_dir: Path) -> bool:
    """True while a service process holds the directory's lock, also while it starts or ends."""
    # The directory itself as well: the file may have been removed.
    return _is_locked(state_dir / LOCK_NAME) or _is_locked(state_dir)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    import fcntl  # of POSIX only, as the service is; on Windows a directory cannot be opened

    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def forget_status(state_dir: Path) -> None:
    (state_dir / FILE_NAME).unlink(missing_ok=True)
