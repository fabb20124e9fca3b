"""The hand-over document: what a deployed stack is, as `shoal` needs it to submit, watch and fetch.

It is the stack's outputs as JSON. It holds endpoints, ids and how to authenticate, never a secret, so it may be
printed, kept in a run's manifest and compared. Nothing here opens a connection.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from shoal.errors import BadInput


class Authentication(StrEnum):
    ENTRA = "entra"
    SHARED_KEY = "shared_key"


class OperatingSystem(StrEnum):
    LINUX = "linux"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    id: str
    vm_size: str
    task_slots_per_node: int
    operating_system: OperatingSystem = OperatingSystem.LINUX
    """System of the nodes. Documents of older deployments do not name it."""
    slots_per_task: float | None = None
    """Slots that the pool's formula takes a task for; None for a pool that does not follow its tasks."""
    formula_digest: str | None = None
    """Digest of its formula; None for a fixed size. Older documents have neither this nor the numbers."""
    spot_nodes: int | None = None
    """Fixed number of Spot nodes, as it was deployed; None for a pool with a formula."""
    dedicated_nodes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An activated application package; the version is the hash of its content."""

    application: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    inputs: str
    outputs: str
    logs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    project: str
    stack: str
    subscription_id: str
    resource_group: str
    location: str
    arm_endpoint: str
    """The scheme and host, no trailing slash: `https://management.azure.com`, or the embedded service's."""
    batch_account: str
    batch_endpoint: str
    """The scheme, host and path, no trailing slash: `https://NAME.REGION.batch.azure.com`, or `http://127.0.0.1:PORT/NAME`."""
    storage_account: str
    storage_resource_group: str
    """Differs from the Batch account's group where one of them was adopted."""
    blob_endpoint: str
    """The scheme, host and account, no trailing slash: containers are `{blob_endpoint}/{container}`."""
    authentication: Authentication
    containers: Containers
    node_identity: str | None
    """ARM id of the user-assigned identity by which nodes read inputs and write outputs."""
    pools: Mapping[str, Pool]
    """Keys are the names in the stack's configuration."""
    packages: Mapping[str, Package]
    """Keys are the names in the stack's configuration."""
    nodes_add_tasks: bool = False
    """True if the nodes' identity may add tasks to jobs, which job schedules need. Older deployments do not say it."""
    package_storage_account: str | None = None
    """Storage account that keeps application packages, often the same. Older deployments do not name it."""

    @property
    def is_embedded(self) -> bool:
        """True if the stack is on an embedded service; how clients authenticate says nothing about that."""
        return is_loopback(self.arm_endpoint)

    def pool_name(self, pool_id: str) -> str | None:
        """Return the name of the pool with this id in Batch, whatever its case; None for other pools."""
        return next((name for name, pool in self.pools.items() if pool.id.lower() == pool_id.lower()), None)

    def pool_of_id(self, pool_id: str) -> Pool | None:
        """Return the pool with this id in Batch, if it is one of the stack's."""
        name = self.pool_name(pool_id)
        return None if name is None else self.pools[name]


def is_loopback(endpoint: str) -> bool:
    """True if the endpoint is on this machine, as the embedded service's always are."""
    return urlsplit(endpoint).hostname in ("127.0.0.1", "localhost", "::1")


def to_json(environment: Environment) -> dict[str, Any]:
    return asdict(environment)


def from_json(document: Mapping[str, Any]) -> Environment:
    """Read a stack's outputs. Raises BadInput naming what is missing or unknown."""
    try:
        return Environment(
            **{
                **document,
                "authentication": Authentication(document["authentication"]),
                "containers": Containers(**document["containers"]),
                "pools": {name: _pool(pool) for name, pool in document["pools"].items()},
                "packages": {name: Package(**package) for name, package in document["packages"].items()},
            }
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BadInput(f"the stack's outputs are not an environment document ({exc}); run `shoal up` again") from exc


def _pool(pool: Mapping[str, Any]) -> Pool:
    system = OperatingSystem(pool.get("operating_system", OperatingSystem.LINUX))
    return Pool(**{**pool, "operating_system": system})
