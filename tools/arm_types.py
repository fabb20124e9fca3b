"""Generate the tables of ARM's types that `shoal/deploy/arm_types` reads, from definitions in the bicep-types format.

    python tools/arm_types.py DIRECTORY

DIRECTORY is searched for `*.json` files with provider and version in the path. Each is a list in the format of
`generated/**/types.json` in https://github.com/Azure/bicep-types-az (MIT). Descriptions are left out; read-only
properties keep only their names. `shoal/deploy/resources/arm_types/body_shapes.py` explains the tables.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCE = "https://github.com/Azure/bicep-types-az (MIT), August 2026"
TABLES = Path(__file__).parents[1] / "shoal" / "deploy" / "resources" / "arm_types" / "tables"
TYPES = {
    "Microsoft.Authorization@2022-04-01": ["roleAssignments"],
    "Microsoft.Batch@2024-07-01": [
        "batchAccounts",
        "batchAccounts/applications",
        "batchAccounts/applications/versions",
        "batchAccounts/pools",
    ],
    "Microsoft.Consumption@2024-08-01": ["budgets"],
    "Microsoft.Insights@2018-03-01": ["metricAlerts"],
    "Microsoft.Insights@2021-05-01-preview": ["diagnosticSettings"],
    "Microsoft.Insights@2024-10-01-preview": ["actionGroups"],
    "Microsoft.ManagedIdentity@2023-01-31": ["userAssignedIdentities"],
    "Microsoft.Network@2024-05-01": [
        "natGateways",
        "networkSecurityGroups",
        "privateEndpoints",
        "privateEndpoints/privateDnsZoneGroups",
        "publicIPAddresses",
        "virtualNetworks",
        "virtualNetworks/subnets",
    ],
    "Microsoft.Network@2024-06-01": ["privateDnsZones", "privateDnsZones/virtualNetworkLinks"],
    "Microsoft.OperationalInsights@2023-09-01": ["workspaces"],
    "Microsoft.Storage@2024-01-01": [
        "storageAccounts",
        "storageAccounts/blobServices",
        "storageAccounts/blobServices/containers",
        "storageAccounts/blobServices/containers/immutabilityPolicies",
        "storageAccounts/managementPolicies",
    ],
}
"""Types that the program can declare, in the versions that azure-native 3.29 uses. The tables of resource groups and
scheduled query rules are written by hand."""
REQUIRED, READ_ONLY = 1, 2
"""Bits of a property's flags."""
BARE = {"StringType": "string", "IntegerType": "integer", "BooleanType": "boolean", "AnyType": "any"}
FRACTIONS = {
    "amount",
    "dailyQuotaGb",
    "failedLocationCount",
    "minFailingPeriodsToAlert",
    "numberOfEvaluationPeriods",
    "threshold",
}
"""Properties that are integers in the source, which has no other type, but any numbers in azure-rest-api-specs."""
SPELLED = {
    "Microsoft.Batch": {"ContainerRegistry": {"userName": "username"}},
    "Microsoft.Storage": {
        "Encryption": {"encryptionIdentity": "identity", "keyVaultProperties": "keyvaultproperties"},
        "EncryptionIdentity": {
            "encryptionFederatedIdentityClientId": "federatedIdentityClientId",
            "encryptionUserAssignedIdentity": "userAssignedIdentity",
        },
        "IPRule": {"iPAddressOrRange": "value"},
        "KeyVaultProperties": {"keyName": "keyname", "keyVaultUri": "keyvaulturi", "keyVersion": "keyversion"},
        "StorageAccountPropertiesCreateParametersOrStorageAccountProperties": {
            "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
            "enableNfsV3": "isNfsV3Enabled",
            "networkRuleSet": "networkAcls",
        },
        "VirtualNetworkRule": {"virtualNetworkResourceId": "id"},
    },
}
"""Names that differ: by object, from azure-native's to ARM's. Source: `x-ms-client-name` in
azure-rest-api-specs, and the schema of pulumi-azure-native 3.29."""
LIMITS = ("maxLength", "maxValue", "minLength", "minValue", "pattern", "sensitive")

Definition = Mapping[str, Any]


class Table:
    """The objects that the resources of one file need, each under a unique name."""

    def __init__(self, definitions: list[Definition], spelled: Mapping[str, Mapping[str, str]]) -> None:
        self._definitions = definitions
        self._spelled = spelled
        self._named: dict[str, Definition] = {}
        self.objects: dict[str, Any] = {}

    def resource(self, body: Definition) -> dict[str, Any]:
        """Return the shape of the resource's name, and the object of its body without the name."""
        definition = self._resolve(body)
        properties = dict(definition["properties"])
        name = self._shape(properties.pop("name")["type"])
        return {"name": name, "body": self._object({**definition, "properties": properties})}

    def _resolve(self, reference: Definition) -> Definition:
        return self._definitions[int(reference["$ref"].removeprefix("#/"))]

    def _shape(self, reference: Definition) -> Any:
        definition = self._resolve(reference)
        match kind := definition["$type"]:
            case "StringType" | "IntegerType" | "BooleanType" | "AnyType":
                limits = {name: definition[name] for name in LIMITS if name in definition}
                return {"type": BARE[kind], **limits} if limits else BARE[kind]
            case "StringLiteralType" | "UnionType":
                return {"enum": sorted(set(self._values(definition)))}
            case "ArrayType":
                limits = {name: definition[name] for name in LIMITS if name in definition}
                return {"items": self._shape(definition["itemType"]), **limits}
            case _:
                return {"object": self._object(definition)}

    def _values(self, definition: Definition) -> Iterator[str]:
        """Yield the values of an enumeration. Most are open to values of later versions, but the tables do not tell."""
        match definition["$type"]:
            case "StringLiteralType":
                yield definition["value"]
            case "UnionType":
                for element in definition["elements"]:
                    yield from self._values(self._resolve(element))
            case "StringType":
                return
            case other:
                raise ValueError(f"an enumeration has an element of type {other}")

    def _object(self, definition: Definition) -> str:
        name = self._free_name(definition)
        if name not in self.objects:
            self._named[name] = definition
            self.objects[name] = {}  # reserved first: the object may refer to itself
            self.objects[name] = self._entry(definition)
        return name

    def _entry(self, definition: Definition) -> dict[str, Any]:
        properties: Mapping[str, Any] = definition.get("properties", definition.get("baseProperties", {}))
        writable = {name: value for name, value in properties.items() if not value["flags"] & READ_ONLY}
        entry = {
            "properties": {
                name: "number" if name in FRACTIONS else self._shape(value["type"]) for name, value in writable.items()
            },
            "required": sorted(name for name, value in writable.items() if value["flags"] & REQUIRED),
            "readOnly": sorted(set(properties) - set(writable)),
            "spelled": self._spelled.get(definition["name"], {}),
        }
        if "additionalProperties" in definition:
            entry["others"] = self._shape(definition["additionalProperties"])
        if "discriminator" in definition:
            entry["discriminator"] = definition["discriminator"]
            entry["variants"] = {
                value: self._object(self._resolve(element)) for value, element in definition["elements"].items()
            }
        return {key: value for key, value in entry.items() if value}

    def _free_name(self, definition: Definition) -> str:
        """Return a unique name: different objects may share one in the source, equal objects keep sharing it."""
        name, number = definition["name"], 1
        while self._named.get(name, definition) != definition:
            number += 1
            name = f"{definition['name']}{number}"
        return str(name)


def table(title: str, definitions: list[Definition]) -> dict[str, Any]:
    provider, _, version = title.partition("@")
    bodies = {entry["name"].lower(): entry["body"] for entry in definitions if entry["$type"] == "ResourceType"}
    collected = Table(definitions, SPELLED.get(provider, {}))
    names = [f"{provider}/{name}" for name in TYPES[title]]
    resources = {name: collected.resource(bodies[f"{name}@{version}".lower()]) for name in names}
    return {"source": SOURCE, "resources": resources, "objects": collected.objects}


def find_definitions(directory: Path, title: str) -> list[Definition]:
    """Return the definitions of the file that has all of the title's types. Exits where there is none."""
    provider, _, version = title.partition("@")
    names = {f"{provider}/{name}@{version}".lower() for name in TYPES[title]}
    for path in sorted(directory.rglob("*.json")):
        if {provider.lower(), version} <= set(re.split("[@/]", str(path.with_suffix("")).lower())):
            definitions = json.loads(path.read_text())
            if names <= {entry["name"].lower() for entry in definitions if entry["$type"] == "ResourceType"}:
                return list(definitions)
    sys.exit(f"no file below {directory} defines {', '.join(sorted(names))}")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/arm_types.py DIRECTORY")
    for title in TYPES:
        text = json.dumps(table(title, find_definitions(Path(sys.argv[1]), title)), indent=1, sort_keys=True)
        (TABLES / f"{title.lower()}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
