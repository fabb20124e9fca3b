"""Functions of the azure-native provider that programs on local stacks may call."""

from collections.abc import Mapping
from typing import Any

from shoal.arm import ArmClient
from shoal.deploy.resources.provider import Provider
from shoal.deploy.resources.resource_types import TYPES
from shoal.errors import BadInput, WorkFailed

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The tenant, client and object id of everybody who deploys to the embedded service."""
SECRET_RESULTS = ("token", "keys", "primary", "secondary")
"""Results that are secret. Source: getClientToken, listStorageAccountKeys, listBatchAccountKeys."""
LISTED_KEYS = {
    "azure-native:batch:listBatchAccountKeys": TYPES["azure-native:batch:BatchAccount"],
    "azure-native:storage:listStorageAccountKeys": TYPES["azure-native:storage:StorageAccount"],
}
LOOKED_UP = {
    f"{package}:get{name}": kind for kind in TYPES.values() for package, _, name in [kind.token.rpartition(":")]
}


def invoke(
    arm: ArmClient, provider: Provider, token: str, arguments: Mapping[str, Any], *, arm_token: str
) -> dict[str, Any]:
    """Call a function and return its result. Raises BadInput for one that the embedded service does not have."""
    if token == "azure-native:authorization:getClientConfig":
        return {
            "subscriptionId": provider.subscription_id,
            "tenantId": NOBODY,
            "clientId": NOBODY,
            "objectId": NOBODY,
        }
    if token == "azure-native:authorization:getClientToken":
        return {"token": arm_token}
    if kind := LISTED_KEYS.get(token):
        return arm.post(f"{kind.arm_id(provider.subscription_id, arguments)}/listKeys", kind.api_version)
    if kind := LOOKED_UP.get(token):
        path = kind.arm_id(provider.subscription_id, arguments)
        resource = arm.get(path, kind.api_version)
        if resource is None:
            raise WorkFailed(f"{token} found no {path}")
        return {**kind.outputs(resource), "id": path}
    raise BadInput(f"the embedded service has no function {token}")
