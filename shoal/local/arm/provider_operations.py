"""The operations of Microsoft.Batch that a role may name, as far as this service has them.

Source: Learn, "Azure permissions for Compute", Microsoft.Batch.
"""

from shoal.local.api.calls import Answer
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection

PROVIDER = "Microsoft Batch Service"
OPERATIONS = {
    "batchAccounts": (
        "Batch Account",
        ("read", "write", "delete", "listkeys/action", "regeneratekeys/action", "syncautostoragekeys/action"),
    ),
    "batchAccounts/applications": ("Batch Application", ("read", "write", "delete")),
    "batchAccounts/applications/versions": (
        "Batch Application Package",
        ("read", "write", "delete", "activate/action"),
    ),
    "batchAccounts/pools": (
        "Batch Pool",
        ("read", "write", "delete", "stopResize/action", "disableAutoscale/action"),
    ),
    "batchAccounts/privateLinkResources": ("Private Link Resource", ("read",)),
    "batchAccounts/privateEndpointConnections": ("Private Endpoint Connection", ("read",)),
    "locations/quotas": ("Batch Location Quota", ("read",)),
    "locations/virtualMachineSkus": ("Batch Supported VM Size", ("read",)),
}
"""Names of resources and their operations, by type."""


async def listing(_call: ArmCall) -> Answer:
    return collection(
        view(kind, name, operation) for kind, (name, operations) in OPERATIONS.items() for operation in operations
    )


def view(kind: str, resource: str, operation: str) -> JsonObject:
    text = f"{resource}: {operation.removesuffix('/action')}"
    return {
        "name": f"Microsoft.Batch/{kind}/{operation}",
        "isDataAction": False,
        "display": {"provider": PROVIDER, "resource": resource, "operation": text, "description": text},
        "origin": "user,system",
    }


KIND = ResourceKind(type="Microsoft.Batch/operations", verbs={}, listing=listing)
