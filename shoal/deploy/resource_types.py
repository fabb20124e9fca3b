"""The one table of resource types that local stacks may declare: how a type of azure-native becomes an ARM resource.

A resource's inputs are the parameters of its path and the properties of its body, with ARM's `properties` envelope
flattened. Source: the schema of pulumi-azure-native 3.29 and, for what forces a replacement, its provider/pkg.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from shoal.errors import BadInput

PROVIDER = "azure-native"
ENVELOPE = frozenset({"location", "tags", "identity", "sku", "kind", "zones", "plan", "extendedLocation", "managedBy"})
"""What stands beside `properties` in an ARM body, not within."""
GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
BATCH = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/{{accountName}}"


class Autoname(Enum):
    """What a resource is called whose program does not say."""

    RANDOM = 1
    """The logical name and eight hexadecimal digits."""
    COPY = 2
    """The logical name."""
    UUID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    token: str
    path: str
    api_version: str
    autoname: Autoname
    located: bool = False
    """Takes the stack's or its group's location unless it says its own."""
    replaced_by: frozenset[str] = frozenset()
    """Inputs that ARM cannot change in place; a parameter of the path never can."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Inputs that ARM spells otherwise, by the program's spelling."""
    flattened: bool = True
    """Whether outputs carry ARM's `properties` flattened."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The inputs that stand in the path; the last is the name."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def name_property(self) -> str:
        return self.parameters[-1]

    def arm_id(self, subscription_id: str, inputs: Mapping[str, Any]) -> str:
        """Raises BadInput where a parameter of the path is not given."""
        if missing := [name for name in self.parameters if not inputs.get(name)]:
            raise BadInput(f"{self.token} needs {', '.join(missing)}")
        values = {name: str(inputs[name]).strip("/") for name in self.parameters}
        return self.path.format(subscriptionId=subscription_id, **values)

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The ARM body of a PUT."""
        body: dict[str, Any] = {"properties": {}}
        for name, value in inputs.items():
            if name in self.parameters:
                continue
            target = body if name in ENVELOPE else body["properties"]
            target[self.renamed.get(name, name)] = _identity_map(value) if name == "identity" else value
        return body

    def inputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """What the program would have to say, of a resource as ARM returns it; what only ARM says is among it."""
        found = {**self.outputs(resource), **self.parameters_of(str(resource.get("id", "")))}
        return {name: _identity_list(value) if name == "identity" else value for name, value in found.items()}

    def parameters_of(self, id_: str) -> dict[str, str]:
        """The parameters of the path, from an id; none where it is not the id of such a resource."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path.replace("/{scope}", "(?P<scope>/.+)"))
        found = re.fullmatch(pattern, id_, re.IGNORECASE)
        return {name: found[name] for name in self.parameters} if found else {}

    def outputs(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """A resource as ARM returns it, in the program's spelling."""
        outputs = {name: value for name, value in resource.items() if name not in ("id", "properties")}
        properties = resource.get("properties", {})
        if not self.flattened:
            return {**outputs, "properties": properties}
        spelling = {arm: own for own, arm in self.renamed.items()}
        return {**outputs, **{spelling.get(name, name): value for name, value in properties.items()}}


def _identity_map(identity: Any) -> Any:
    """Programs give a list of ids, ARM takes a map."""
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": {id_: {} for id_ in ids}} if isinstance(ids, list) else identity


def _identity_list(identity: Any) -> Any:
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    return {**identity, "userAssignedIdentities": list(ids)} if isinstance(ids, Mapping) else identity


TYPES = {
    resource.token: resource
    for resource in (
        ResourceType(
            token="azure-native:resources:ResourceGroup",
            path=GROUP,
            api_version="2024-03-01",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location"}),
            flattened=False,
        ),
        ResourceType(
            token="azure-native:storage:StorageAccount",
            path=STORAGE,
            api_version="2024-01-01",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location", "extendedLocation", "isHnsEnabled", "enableNfsV3"}),
            renamed={
                "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
                "enableNfsV3": "isNfsV3Enabled",
                "networkRuleSet": "networkAcls",
            },
        ),
        ResourceType(
            token="azure-native:storage:BlobContainer",
            path=f"{STORAGE}/blobServices/default/containers/{{containerName}}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:storage:ManagementPolicy",
            path=f"{STORAGE}/managementPolicies/{{managementPolicyName}}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:managedidentity:UserAssignedIdentity",
            path=f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
            api_version="2023-01-31",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location"}),
        ),
        ResourceType(
            token="azure-native:authorization:RoleAssignment",
            path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
            api_version="2022-04-01",
            autoname=Autoname.UUID,
            replaced_by=frozenset({"principalId", "principalType", "roleDefinitionId"}),
        ),
        ResourceType(
            token="azure-native:batch:BatchAccount",
            path=BATCH,
            api_version="2024-07-01",
            autoname=Autoname.RANDOM,
            located=True,
        ),
        ResourceType(
            token="azure-native:batch:Application",
            path=f"{BATCH}/applications/{{applicationName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:batch:ApplicationPackage",
            path=f"{BATCH}/applications/{{applicationName}}/versions/{{versionName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:batch:Pool",
            path=f"{BATCH}/pools/{{poolName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
    )
}
