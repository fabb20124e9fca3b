"""The record of a stack in the embedded service: its resources, hashes of their inputs, and its outputs.

It is kept as an ARM deployment stack, so that the service is the only state. It holds no inputs and no secrets.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from shoal.arm import ArmClient

API_VERSION = "2024-03-01"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The subscription of a stack that does not set azure-native:subscriptionId."""
_FOLDER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deploymentStacks"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedResource:
    urn: str
    type: str
    id: str
    inputs: Mapping[str, str]
    """Each input's hash."""
    protect: bool = False
    retain: bool = False
    """True if it is only forgotten, not deleted, when the stack no longer declares it."""
    deleted_with: str = ""
    """URN of a resource whose deletion deletes this one too."""
    pending: bool = False
    """True from before its PUT until the answer; after a killed run it is unknown whether the PUT happened."""
    making: bool = False
    """True if that PUT is of a resource that was not there: where it is there now, the PUT has happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRecord:
    project: str
    stack: str
    resources: tuple[RecordedResource, ...] = ()
    """In order of creation: later ones may need earlier ones."""
    pool_updates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The hash of each input of a `PoolUpdate`, by URN."""
    outputs: Mapping[str, Any] | None = None
    """None until a deployment has succeeded."""

    def find(self, urns: list[str]) -> RecordedResource | None:
        return next((resource for urn in urns for resource in self.resources if resource.urn == urn), None)

    def with_resource(self, resource: RecordedResource) -> Self:
        """Replace the resource with this id, or append it."""
        if all(other.id.lower() != resource.id.lower() for other in self.resources):
            return replace(self, resources=(*self.resources, resource))
        return replace(
            self,
            resources=tuple(resource if other.id.lower() == resource.id.lower() else other for other in self.resources),
        )

    def without(self, id_: str) -> Self:
        return replace(self, resources=tuple(r for r in self.resources if r.id.lower() != id_.lower()))


def input_hash(value: Any) -> str:
    # Half of the digest tells changes apart just as well, and keeps the record of a large stack small.
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def load_record(arm: ArmClient, project: str, stack: str) -> StackRecord | None:
    """Return the record, or None if the stack was never deployed."""
    resource = arm.get(_path(project, stack), API_VERSION) or _earlier(arm, project, stack)
    if resource is None:
        return None
    properties = resource["properties"]
    return StackRecord(
        project=project,
        stack=stack,
        resources=tuple(RecordedResource(**fields) for fields in properties["resources"]),
        pool_updates=properties.get("poolUpdates", {}),  # an earlier version of Shoal recorded none
        outputs=properties["outputs"],
    )


def save_record(arm: ArmClient, record: StackRecord) -> None:
    properties = {
        "resources": [asdict(resource) for resource in record.resources],
        "poolUpdates": record.pool_updates,
        "outputs": record.outputs,
    }
    arm.put(_path(record.project, record.stack), API_VERSION, {"location": "local", "properties": properties})


def delete_record(arm: ArmClient, record: StackRecord) -> None:
    arm.delete(_path(record.project, record.stack), API_VERSION)
    if _earlier(arm, record.project, record.stack) is not None:
        arm.delete(_earlier_path(record.project, record.stack), API_VERSION)


def _path(project: str, stack: str) -> str:
    # Neither name can hold a parenthesis, so that two stacks never have one path.
    return f"{_FOLDER}/{project}({stack})"


def _earlier(arm: ArmClient, project: str, stack: str) -> dict[str, Any] | None:
    """Return the record that an earlier version of Shoal kept, unless it is another stack's."""
    resource = arm.get(_earlier_path(project, stack), API_VERSION)
    if resource is None:
        return None
    own = f"urn:pulumi:{stack}::{project}::"
    return resource if all(one["urn"].startswith(own) for one in resource["properties"]["resources"]) else None


def _earlier_path(project: str, stack: str) -> str:
    return f"{_FOLDER}/{project}-{stack}"
