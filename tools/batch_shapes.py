"""Writes the tables of Batch's request bodies that `shoal/local/api/shapes.py` reads, from the installed clients.

    python tools/batch_shapes.py [DIRECTORY]

To be run when azure-batch or azure-mgmt-batch has another version, and when an operation needs another body: a test
fails where the tables and the clients differ. The clients' models describe the newest api-version. What earlier ones
knew beside stands in EARLIER, since the clients have forgotten it.
"""

import datetime
import json
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any

TABLES = Path(__file__).parents[1] / "shoal" / "local" / "api" / "tables"
CLIENTS = {"azure-batch": "azure.batch.models", "azure-mgmt-batch": "azure.mgmt.batch.models"}
BODIES = {
    "azure-batch": (
        "BatchJobCreateOptions",
        "BatchJobDisableOptions",
        "BatchJobScheduleCreateOptions",
        "BatchJobScheduleUpdateOptions",
        "BatchJobTerminateOptions",
        "BatchJobUpdateOptions",
        "BatchNodeDeallocateOptions",
        "BatchNodeDisableSchedulingOptions",
        "BatchNodeRebootOptions",
        "BatchNodeReimageOptions",
        "BatchNodeRemoveOptions",
        "BatchNodeUserCreateOptions",
        "BatchNodeUserReplaceOptions",
        "BatchPoolCreateOptions",
        "BatchPoolEnableAutoScaleOptions",
        "BatchPoolEvaluateAutoScaleOptions",
        "BatchPoolReplaceOptions",
        "BatchPoolResizeOptions",
        "BatchPoolUpdateOptions",
        "BatchTask",
        "BatchTaskCreateOptions",
        "UploadBatchServiceLogsOptions",
    ),
    "azure-mgmt-batch": (
        "ActivateApplicationPackageParameters",
        "Application",
        "ApplicationPackage",
        "BatchAccountCreateParameters",
        "BatchAccountRegenerateKeyParameters",
        "BatchAccountUpdateParameters",
        "CheckNameAvailabilityParameters",
        "Pool",
        "PrivateEndpointConnection",
    ),
}
"""Objects that clients send; the objects that these refer to come with them."""
ENTITIES = {
    "azure-batch": ("BatchJob", "BatchJobSchedule", "BatchNode", "BatchPool", "BatchTask"),
    "azure-mgmt-batch": (),
}
"""Objects that clients read; only the names of their properties are kept, for `$select`."""
BARE = {str: "string", bool: "boolean", int: "integer", datetime.timedelta: "duration", datetime.datetime: "time"}

READ_ONLY = ["read"]
ENTITIES_SENT = ("BatchTask",)
"""Entities that clients send as well, without what they only read."""

UNTIL_2025 = {"until": "2025-06-01"}
CERTIFICATES = {"until": "2025-06-01", "kind": "array"}
COMMUNICATION = {"from": "2022-10-01", "until": "2025-06-01"}
TAGS = {"from": "2023-11-01", "until": "2025-06-01"}
CLOUD_SERVICES = {"until": "2024-07-01"}
"""Of both planes. Source for ARM: the change log of @azure/arm-batch 10.0.0."""
SLOTS = "2020-09-01"
"""The first version with task slots."""
POOL = {
    "cloudServiceConfiguration": CLOUD_SERVICES,
    "maxTasksPerNode": {"until": SLOTS, "as": "taskSlotsPerNode"},
    "applicationLicenses": {"until": "2024-07-01"},
    "certificateReferences": CERTIFICATES,
    "resourceTags": TAGS,
    "targetNodeCommunicationMode": COMMUNICATION,
}
ARM_SLOTS = "2020-09-01"
"""Source: answers recorded in the tests of azure-mgmt-batch; its change log names the version after."""
ARM_POOL = {
    "applicationLicenses": UNTIL_2025,
    "certificates": CERTIFICATES,
    "resourceTags": TAGS,
    "maxTasksPerNode": {"until": ARM_SLOTS, "as": "taskSlotsPerNode"},
    "targetNodeCommunicationMode": COMMUNICATION,
}
TWO_QUOTAS = "2017-05-01"
"""The first version of ARM with low-priority nodes."""
TOKEN = {"authenticationTokenSettings": UNTIL_2025}
DISK = {"storageAccountType": {"until": "2025-06-01", "as": "managedDisk.storageAccountType"}}
EARLIER: Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "azure-batch": {
        "BatchJobManagerTask": TOKEN,
        "BatchPoolCreateOptions": POOL,
        "BatchPoolReplaceOptions": {
            "certificateReferences": CERTIFICATES,
            "targetNodeCommunicationMode": COMMUNICATION,
        },
        "BatchPoolSpecification": POOL,
        "BatchPoolUpdateOptions": {
            "certificateReferences": CERTIFICATES,
            "resourceTags": TAGS,
            "targetNodeCommunicationMode": COMMUNICATION,
        },
        "BatchTaskCreateOptions": TOKEN,
        "DataDisk": DISK,
    },
    "azure-mgmt-batch": {
        "PoolProperties": ARM_POOL,
        "DataDisk": DISK,
        "DeploymentConfiguration": {"cloudServiceConfiguration": CLOUD_SERVICES},
    },
}
"""Properties that are gone, by object: the first api-version that knew one, where that is later than 2019, and the
first that does not (`until`). `as` is the path of the property that it has become, `kind` that of its value.
Source: the change logs of azure-batch 10.0.0 to 15.1.0 and of azure-mgmt-batch 16.0.0 to 19.0.0."""
JOB_SINCE = {"allowTaskPreemption": "2022-01-01", "maxParallelTasks": "2021-06-01"}
POOL_SINCE = {"taskSlotsPerNode": SLOTS, "upgradePolicy": "2024-02-01"}
IDENTITY = {"identityReference": "2021-06-01"}
PATCHED = "2024-07-01"
"""The first version whose PATCH changes more of a pool and a job."""
SINCE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "azure-batch": {
        "AzureBlobFileSystemConfiguration": IDENTITY,
        "BatchJobCreateOptions": JOB_SINCE,
        "BatchJobManagerTask": {"requiredSlots": SLOTS},
        "BatchJobSpecification": JOB_SINCE,
        "BatchJobUpdateOptions": {**JOB_SINCE, "networkConfiguration": PATCHED},
        "BatchOsDisk": {
            "caching": "2023-11-01",
            "diskSizeGB": "2023-11-01",
            "managedDisk": "2023-11-01",
            "writeAcceleratorEnabled": "2023-11-01",
        },
        "BatchPoolCreateOptions": POOL_SINCE,
        "BatchPoolSpecification": POOL_SINCE,
        "BatchPoolUpdateOptions": {
            "displayName": PATCHED,
            "enableInterNodeCommunication": PATCHED,
            "mountConfiguration": PATCHED,
            "networkConfiguration": PATCHED,
            "taskSchedulingPolicy": PATCHED,
            "taskSlotsPerNode": PATCHED,
            "upgradePolicy": PATCHED,
            "userAccounts": PATCHED,
            "virtualMachineConfiguration": PATCHED,
            "vmSize": PATCHED,
        },
        "BatchPublicIpAddressConfiguration": {"ipFamilies": "2025-06-01", "ipTags": "2025-06-01"},
        "BatchTaskContainerSettings": {"containerHostBatchBindMounts": "2024-07-01"},
        "BatchTaskCreateOptions": {"requiredSlots": SLOTS},
        "BatchTaskSchedulingPolicy": {"jobDefaultOrder": "2025-06-01"},
        "BatchVmImageReference": {"communityGalleryImageId": "2024-07-01", "sharedGalleryImageId": "2024-07-01"},
        "ContainerRegistryReference": IDENTITY,
        "DataDisk": {"managedDisk": "2025-06-01"},
        "DiskEncryptionConfiguration": {"customerManagedKey": "2025-06-01"},
        "ManagedDisk": {"diskEncryptionSet": "2025-06-01", "securityProfile": "2024-07-01"},
        "NetworkConfiguration": {
            "enableAcceleratedNetworking": "2023-05-01",
            "publicIPAddressConfiguration": "2020-03-01",
        },
        "OutputFileBlobContainerDestination": {**IDENTITY, "uploadHeaders": "2022-01-01"},
        "ResourceFile": IDENTITY,
        "SecurityProfile": {"proxyAgentSettings": "2025-06-01"},
        "UploadBatchServiceLogsOptions": IDENTITY,
        "VMExtension": {"enableAutomaticUpgrade": "2023-05-01"},
        "VirtualMachineConfiguration": {
            "diskEncryptionConfiguration": "2020-03-01",
            "extensions": "2021-06-01",
            "nodePlacementConfiguration": "2021-06-01",
            "osDisk": "2021-06-01",
            "securityProfile": "2023-11-01",
            "serviceArtifactReference": "2023-11-01",
        },
    },
    "azure-mgmt-batch": {"PoolProperties": {"taskSlotsPerNode": ARM_SLOTS}},
}
"""Properties that are newer than 2019, by object: the first api-version that knows one.
Source: answers recorded in the tests of azure-cli, 2019-08-01.10.0 to 2024-02-01.19.0; the change log of azure-batch,
9.0.0 (2020-03-01.11.0) to 15.1.0 (2025-06-01)."""
SPANS: Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "azure-batch": {
        "BatchJob": {"allowTaskPreemption": {"from": "2022-01-01"}, "maxParallelTasks": {"from": "2021-06-01"}},
        "BatchNode": {"runningTaskSlotsCount": {"from": SLOTS}, "certificateReferences": CERTIFICATES},
        "BatchPool": {**POOL, "taskSlotsPerNode": {"from": SLOTS}},
        "BatchJobManagerTask": {**TOKEN, "requiredSlots": {"from": SLOTS}},
        "BatchTask": {**TOKEN, "requiredSlots": {"from": SLOTS}},
    },
    "azure-mgmt-batch": {
        "AutoStorageProperties": {
            "authenticationMode": {"from": "2021-06-01"},
            "nodeIdentityReference": {"from": "2021-06-01"},
        },
        "BatchAccount": {"identity": {"from": "2020-05-01"}},
        "DeploymentConfiguration": {"cloudServiceConfiguration": CLOUD_SERVICES},
        "PoolProperties": {**ARM_POOL, "taskSlotsPerNode": {"from": ARM_SLOTS}},
        "BatchAccountProperties": {
            "coreQuota": {"until": TWO_QUOTAS, "as": "dedicatedCoreQuota"},
            "dedicatedCoreQuota": {"from": TWO_QUOTAS},
            "lowPriorityCoreQuota": {"from": TWO_QUOTAS},
            "poolAllocationMode": {"from": TWO_QUOTAS},
            "allowedAuthenticationModes": {"from": "2021-06-01"},
            "dedicatedCoreQuotaPerVMFamily": {"from": "2019-08-01"},
            "dedicatedCoreQuotaPerVMFamilyEnforced": {"from": "2019-08-01"},
            "encryption": {"from": "2020-03-01"},
            "nodeManagementEndpoint": {"from": "2022-06-01"},
            "privateEndpointConnections": {"from": "2022-06-01"},
            "publicNetworkAccess": {"from": "2020-03-01"},
        },
    },
}
"""The same for entities that clients read. Source of the account's: answers recorded in the tests of azure-cli and
azure-mgmt-batch, 2015-12-01 to 2024-02-01."""
PARTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "azure-batch": {
        "BatchJob": {
            "jobManagerTask": "BatchJobManagerTask",
            "poolInfo.autoPoolSpecification.pool": "BatchPool",
        },
        "BatchJobSchedule": {"jobSpecification": "BatchJob"},
    },
    "azure-mgmt-batch": {
        "BatchAccount": {"properties": "BatchAccountProperties"},
        "BatchAccountProperties": {"autoStorage": "AutoStorageProperties"},
        "Pool": {"properties": "PoolProperties"},
        "PoolProperties": {"deploymentConfiguration": "DeploymentConfiguration"},
    },
}
"""Where entities have parts with spans of their own, by path."""
EARLIER_ENUMS = {
    "azure-batch": {},
    "azure-mgmt-batch": {"NodeCommunicationMode": ["Default", "Classic", "Simplified"]},
}
"""Words of properties that are gone. Source: the change log of azure-mgmt-batch 17.0.0."""


SPELLINGS: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = {
    "azure-batch": {
        "BatchNodePlacementConfiguration": {"policy": ["Regional", "Zonal"]},
        "BatchOsDisk": {"caching": ["None", "ReadOnly", "ReadWrite"]},
        "BatchTaskSchedulingPolicy": {"nodeFillType": ["Spread", "Pack"]},
        "OutputFileUploadConfiguration": {
            "uploadCondition": ["TaskSuccess", "TaskFailure", "TaskCompletion"],
        },
        "SecurityProfile": {"securityType": ["trustedlaunch", "confidentialvm"]},
    },
    "azure-mgmt-batch": {},
}
"""Words that the service writes otherwise than its clients, by object and property. Requests may have them in any case.
Source: answers recorded in the tests of azure-cli and azure-sdk-for-node, api-versions 2016-07-01.3.1 to
2024-02-01.19.0."""


@dataclass(slots=True)
class Table:
    """The objects and enums that the bodies of one client need, each named once."""

    module: str
    earlier: Mapping[str, Mapping[str, Mapping[str, str]]]
    since: Mapping[str, Mapping[str, str]]
    spellings: Mapping[str, Mapping[str, list[str]]]
    objects: dict[str, Any] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)

    def model(self, name: str) -> type:
        found: type = self._namespace()[name]
        return found

    def add(self, model: type) -> str:
        name = model.__name__
        if name not in self.objects:
            self.objects[name] = {}  # it may refer to itself
            self.objects[name] = self._entry(model)
        return name

    def _entry(self, model: type) -> dict[str, Any]:
        hints = typing.get_type_hints(model, None, self._namespace())
        properties, required = {}, []
        for attribute, wire_name in fields(model, written=model.__name__ in ENTITIES_SENT):
            optional, hint = unwrapped(hints[attribute])
            words = self.spellings.get(model.__name__, {}).get(wire_name)
            properties[wire_name] = self._enum(f"{model.__name__}.{wire_name}", words) if words else self._shape(hint)
            if not optional:
                required.append(wire_name)
        entry = {
            "properties": properties,
            "required": sorted(required),
            "earlier": self.earlier.get(model.__name__, {}),
            "since": self.since.get(model.__name__, {}),
        }
        return {key: value for key, value in entry.items() if value}

    def _shape(self, hint: Any) -> Any:
        if typing.get_origin(hint) is list:
            return {"items": self._shape(unwrapped(typing.get_args(hint)[0])[1])}
        if hint in BARE:
            return BARE[hint]
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._enum(hint.__name__, [str(member.value) for member in hint])
        # A model has its fields only after its first instance was made, so its module tells.
        if getattr(hint, "__module__", "").endswith(".models._models"):
            return {"object": self.add(hint)}
        return "any"

    def _enum(self, name: str, words: list[str]) -> dict[str, str]:
        self.enums[name] = words
        return {"enum": name}

    def _namespace(self) -> dict[str, Any]:
        """Return what the models' annotations refer to; the clients import it for type checkers only."""
        everything = {**vars(import_module(f"{self.module}._models")), **vars(import_module(self.module))}
        return {**everything, "_models": SimpleNamespace(**everything)}


def fields(model: type, *, written: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each property's attribute and its name on the wire; `written` leaves out those that clients only read."""
    rest_fields: Mapping[str, Any] = model({})._attr_to_rest_field
    for attribute, rest_field in rest_fields.items():
        if not (written and rest_field._visibility == READ_ONLY):
            yield attribute, rest_field._rest_name


def unwrapped(hint: Any) -> tuple[bool, Any]:
    """Return whether None is allowed, and the type without it; of `Union[str, SomeEnum]` the enum."""
    if typing.get_origin(hint) not in (typing.Union, UnionType):
        return False, hint
    members: Sequence[Any] = [member for member in typing.get_args(hint) if member is not NoneType]
    enums = [member for member in members if isinstance(member, type) and issubclass(member, Enum)]
    return NoneType in typing.get_args(hint), (enums or members)[0]


def table(client: str) -> dict[str, Any]:
    found = Table(CLIENTS[client], EARLIER[client], SINCE[client], SPELLINGS[client])
    for name in BODIES[client]:
        found.add(found.model(name))
    entities = {name: sorted(wire_name for _, wire_name in fields(found.model(name))) for name in ENTITIES[client]}
    return {
        "source": f"{client} {version(client)}",
        "bodies": BODIES[client],
        "objects": found.objects,
        "enums": {**found.enums, **EARLIER_ENUMS[client]},
        "entities": entities,
        "spans": SPANS[client],
        "parts": PARTS[client],
    }


def text(client: str) -> str:
    """Return the table as it is kept."""
    return json.dumps(table(client), indent=1, sort_keys=True) + "\n"


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES
    for client in CLIENTS:
        (directory / f"{client}.json").write_text(text(client))


if __name__ == "__main__":
    main()
