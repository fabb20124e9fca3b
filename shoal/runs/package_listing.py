"""Application packages of a stack as the rows that `shoal packages` shows: version, state, size and users."""

from collections.abc import Iterator
from dataclasses import dataclass

from azure.batch import BatchClient
from azure.core.exceptions import AzureError, ResourceNotFoundError

from shoal.account_keys import BATCH_ARM_VERSION
from shoal.arm import ArmError
from shoal.arm_access import arm_call
from shoal.environment import Environment, Package

GONE = "gone"
"""State of a version that the stack has and the Batch account does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    package: str
    application: str
    version: str
    state: str
    """`active`, `pending` or `gone`."""
    size_bytes: int | None
    """None where the blob cannot be read, for example from outside of the storage's network."""
    pools: tuple[str, ...]
    """Ids of all pools of the account that give this version to every node."""


def packages(client: BatchClient, environment: Environment) -> Iterator[PackageRow]:
    """List the packages of the stack: one list of pools, and two requests for each package."""
    users = _users(client)
    for name, package in environment.packages.items():
        state, url = _version(environment, package)
        yield PackageRow(
            package=name,
            application=package.application,
            version=package.version,
            state=state,
            size_bytes=_size(url) if url else None,
            pools=tuple(users.get(reference_key(package.application, package.version), ())),
        )


def _users(client: BatchClient) -> dict[tuple[str, str], list[str]]:
    users: dict[tuple[str, str], list[str]] = {}
    for pool in client.list_pools(select=["id", "applicationPackageReferences"]):
        for reference in pool.application_package_references or ():
            users.setdefault(reference_key(reference.application_id, reference.version or ""), []).append(str(pool.id))
    return users


def reference_key(application: str, version: str) -> tuple[str, str]:
    """Return the reference as Batch compares it: the application without case."""
    # References to a package of the account may be its ARM id, whose last part is the name.
    return application.rpartition("/")[2].lower(), version


def _version(environment: Environment, package: Package) -> tuple[str, str | None]:
    """Return the state of a version and the address of its blob. Source: ARM, applications/versions, Get."""
    path = (
        f"resourceGroups/{environment.resource_group}/providers/Microsoft.Batch/batchAccounts/"
        f"{environment.batch_account}/applications/{package.application}/versions/{package.version}"
    )
    try:
        answer = arm_call(environment, "GET", path, BATCH_ARM_VERSION)
    except ResourceNotFoundError:
        return GONE, None
    except ArmError as exc:
        if exc.status != 404:
            raise
        return GONE, None
    properties = answer["properties"]
    return str(properties["state"]).lower(), properties.get("storageUrl")


def _size(url: str) -> int | None:
    from azure.storage.blob import BlobClient

    try:
        with BlobClient.from_blob_url(url, retry_total=0) as blob:
            return blob.get_blob_properties().size
    except AzureError:
        return None
