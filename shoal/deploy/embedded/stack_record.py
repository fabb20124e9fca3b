"""What the embedded service knows of a stack: which resources are its own, what they were made from, its outputs.

Kept in the service as an ARM deployment stack, so that the service is the only state. It holds hashes of inputs, never
inputs, and never a secret.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from shoal.arm import Arm

API_VERSION = "2024-03-01"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""Unless the stack's configuration has azure-native:subscriptionId."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    urn: str
    type: str
    id: str
    inputs: Mapping[str, str]
    """Each input's hash."""
    protect: bool = False
    retain: bool = False
    """Forgotten rather than deleted when the stack no longer declares it."""
    deleted_with: str = ""
    """URN of a resource whose deletion takes this one along."""
    pending: bool = False
    """Its PUT was begun; whether it happened is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRecord:
    project: str
    stack: str
    resources: tuple[Resource, ...] = ()
    """In the order in which they came to be: what is later may need what is earlier."""
    outputs: Mapping[str, Any] | None = None
    """None until a deployment ended well."""

    def find(self, urns: list[str]) -> Resource | None:
        return next((resource for urn in urns for resource in self.resources if resource.urn == urn), None)

    def with_resource(self, resource: Resource) -> Self:
        """The same place for a resource that is there already, else the end."""
        if all(other.id.lower() != resource.id.lower() for other in self.resources):
            return replace(self, resources=(*self.resources, resource))
        return replace(
            self,
            resources=tuple(resource if other.id.lower() == resource.id.lower() else other for other in self.resources),
        )

    def without(self, id_: str) -> Self:
        return replace(self, resources=tuple(r for r in self.resources if r.id.lower() != id_.lower()))


def input_hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def load_record(arm: Arm, project: str, stack: str) -> StackRecord | None:
    """The record, or None where the stack was never deployed."""
    resource = arm.get(_path(project, stack), API_VERSION)
    if resource is None:
        return None
    properties = resource["properties"]
    return StackRecord(
        project=project,
        stack=stack,
        resources=tuple(Resource(**fields) for fields in properties["resources"]),
        outputs=properties["outputs"],
    )


def save_record(arm: Arm, record: StackRecord) -> None:
    properties = {"resources": [asdict(resource) for resource in record.resources], "outputs": record.outputs}
    arm.put(_path(record.project, record.stack), API_VERSION, {"location": "local", "properties": properties})


def delete_record(arm: Arm, record: StackRecord) -> None:
    arm.delete(_path(record.project, record.stack), API_VERSION)


def _path(project: str, stack: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deploymentStacks/{project}-{stack}"
