"""A pool in ARM's words and in the data plane's. Pure.

Source: azure-mgmt-batch's Pool beside azure-batch's BatchPool; what differs is listed here, the rest is the same.
"""

from collections.abc import Collection, Mapping
from typing import Any

from shoal.azure.limits import FIXED_ONCE_CREATED
from shoal.local.api import cloud_services
from shoal.local.api.shapes import ARM
from shoal.local.store.states import NodeDeallocationOption, PoolState

JsonObject = dict[str, Any]


RENAMED = {
    "nodeAgentSkuId": "nodeAgentSKUId",
    "dynamicVnetAssignmentScope": "dynamicVNetAssignmentScope",
    "userName": "username",
}
"""Anywhere in the body: ARM's spelling, and the data plane's."""
ENUMS = {
    "nodeDeallocationOption": "ComputeNodeDeallocationOption",
    "nodeFillType": "ComputeNodeFillType",
    "scope": "AutoUserScope",
    "elevationLevel": "ElevationLevel",
    "policy": "NodePlacementPolicyType",
    "provision": "IPAddressProvisioningType",
    "caching": "CachingType",
    "storageAccountType": "StorageAccountType",
    "placement": "DiffDiskPlacement",
    "securityType": "SecurityTypes",
    "loginMode": "LoginMode",
    "targetNodeCommunicationMode": "NodeCommunicationMode",
    "type": "ContainerType",
}
"""Properties whose words ARM writes in capitals and the data plane in small letters, anywhere in the body, and their
enums on the ARM side."""
SAME = ("displayName", "vmSize", "taskSlotsPerNode", "taskSchedulingPolicy", "networkConfiguration", "startTask")
ALSO_SAME = ("metadata", "userAccounts", "mountConfiguration", "upgradePolicy", "targetNodeCommunicationMode")
NO_SCOPE = ("dynamicVnetAssignmentScope", "none")
"""A default that the data plane shows. Source: answers recorded in the tests of azure-cli; ARM's show it nowhere."""
REFUSED_FIRST = ("networkConfiguration", "deploymentConfiguration")
"""Parts that Azure names when it refuses a PUT. Source: Azure/Batch issue 85, terraform-provider-azapi issue 263."""
REPEATABLE = (
    "deploymentConfiguration",
    "taskSchedulingPolicy",
    "userAccounts",
    "mountConfiguration",
    "taskSlotsPerNode",
)
"""Parts that a PATCH may repeat unchanged.

Source: terraform-provider-azurerm 2026-08, which sends the first four in each update of a pool, and has left out
networkConfiguration since its pull request 8189; azure-mgmt-batch 17.3, which sends `taskSlotsPerNode: 1`.
"""


def data_plane_body(pool_id: str, properties: JsonObject) -> JsonObject:
    """Return the request's body by which the data plane would make this pool."""
    body: JsonObject = {"id": pool_id}
    body |= _to_data_plane({name: properties[name] for name in (*SAME, *ALSO_SAME) if properties.get(name)})
    deployment = properties.get("deploymentConfiguration", {})
    if machine := deployment.get("virtualMachineConfiguration"):
        body["virtualMachineConfiguration"] = _image_id(_to_data_plane(machine), "id", "virtualMachineImageId")
    if services := deployment.get(cloud_services.NAME):
        body[cloud_services.NAME] = services
    if references := properties.get("applicationPackages"):
        body["applicationPackageReferences"] = [_renamed(reference, "id", "applicationId") for reference in references]
    if "interNodeCommunication" in properties:
        body["enableInterNodeCommunication"] = properties["interNodeCommunication"] == "Enabled"
    return body | _targets(properties.get("scaleSettings", {}))


def _targets(scale: JsonObject) -> JsonObject:
    match scale:
        case {"autoScale": {"formula": formula, **rest}}:
            interval = rest.get("evaluationInterval", "PT15M")
            return {"enableAutoScale": True, "autoScaleFormula": formula, "autoScaleEvaluationInterval": interval}
        case {"fixedScale": fixed}:
            known = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
            return {name: fixed[name] for name in known if fixed.get(name) is not None}
        case _:
            return {}


def deallocation_option(properties: JsonObject) -> NodeDeallocationOption:
    """Return what becomes of tasks on nodes that a smaller fixed number releases.

    Source: ARM reference, FixedScaleSettings.
    """
    fixed = properties.get("scaleSettings", {}).get("fixedScale", {})
    option: str = fixed.get("nodeDeallocationOption") or NodeDeallocationOption.REQUEUE
    return NodeDeallocationOption(option.lower())


def arm_properties(pool: JsonObject, option: NodeDeallocationOption = NodeDeallocationOption.REQUEUE) -> JsonObject:
    """Return the ARM properties of a pool that the data plane reads as `pool`; `option` is that of its last resize."""
    properties: JsonObject = {
        "provisioningState": "Deleting" if pool["state"] == PoolState.DELETING else "Succeeded",
        "provisioningStateTransitionTime": pool["stateTransitionTime"],
        "allocationState": pool["allocationState"].capitalize(),
        "scaleSettings": _scale(pool),
        "interNodeCommunication": "Enabled" if pool["enableInterNodeCommunication"] else "Disabled",
    }
    counts = ("currentDedicatedNodes", "currentLowPriorityNodes")
    times = ("creationTime", "lastModified", "allocationStateTransitionTime")
    properties |= _to_arm({name: pool[name] for name in (*SAME, *ALSO_SAME, *times, *counts) if name in pool})
    if network := properties.get("networkConfiguration"):
        properties["networkConfiguration"] = {
            name: value for name, value in network.items() if (name, value) != NO_SCOPE
        }
    if machine := pool.get("virtualMachineConfiguration"):
        restored = _image_id(_machine_to_arm(machine), "virtualMachineImageId", "id")
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": restored}
    if services := pool.get(cloud_services.NAME):
        properties["deploymentConfiguration"] = {cloud_services.NAME: services}
    if run := pool.get("autoScaleRun"):
        properties["autoScaleRun"] = _run(run)
    if not pool["enableAutoScale"] or "resizeErrors" in pool:
        properties["resizeOperationStatus"] = _resize(pool, option)
    if references := pool.get("applicationPackageReferences"):
        properties["applicationPackages"] = [_renamed(reference, "applicationId", "id") for reference in references]
    return properties


def _machine_to_arm(machine: JsonObject) -> JsonObject:
    translated: JsonObject = _to_arm(machine)
    if registries := machine.get("containerConfiguration", {}).get("containerRegistries"):
        # Of these, unlike of users, both planes spell all names in the same way.
        translated["containerConfiguration"]["containerRegistries"] = registries
    return translated


def _scale(pool: JsonObject) -> JsonObject:
    if pool["enableAutoScale"]:
        interval = pool["autoScaleEvaluationInterval"]
        return {"autoScale": {"formula": pool["autoScaleFormula"], "evaluationInterval": interval}}
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    return {"fixedScale": {name: pool[name] for name in names}}


def _resize(pool: JsonObject, option: NodeDeallocationOption) -> JsonObject:
    """Return the last resize. Its start is not kept: a steady pool shows its end.

    Source: answers recorded in the tests of azure-mgmt-batch, 2020-03-01 to 2023-05-01, where a target of no Spot nodes
    is left out.
    """
    spot = {"targetLowPriorityNodes": pool["targetLowPriorityNodes"]} if pool["targetLowPriorityNodes"] else {}
    return {
        "targetDedicatedNodes": pool["targetDedicatedNodes"],
        **spot,
        "nodeDeallocationOption": _capitalized("nodeDeallocationOption", option),
        "resizeTimeout": pool["resizeTimeout"],
        "startTime": pool["allocationStateTransitionTime"],
        **({"errors": pool["resizeErrors"]} if "resizeErrors" in pool else {}),
    }


def _run(run: JsonObject) -> JsonObject:
    shown: JsonObject = {"evaluationTime": run["timestamp"], "results": run["results"]}
    if error := run.get("error"):
        details = [{"code": value["name"], "message": value["value"]} for value in error["values"]]
        shown["error"] = {"code": error["code"], "message": error["message"], "details": details}
    return shown


def changed_fixed(before: JsonObject, after: JsonObject) -> str | None:
    """Return the first changed property that cannot change; both sides are in ARM's words, as read back."""
    return next((name for name in FIXED_ONCE_CREATED if before.get(name) != after.get(name)), None)


def carried_fixed(properties: JsonObject, repeatable: Collection[str] = ()) -> str | None:
    """Return the first property that cannot change and is there at all, other than those that may be repeated."""
    names = (name for name in (*REFUSED_FIRST, *FIXED_ONCE_CREATED) if name not in repeatable)
    return next((name for name in names if properties.get(name) is not None), None)


def fixed(properties: JsonObject) -> JsonObject:
    """Return the properties that cannot change."""
    return {name: properties[name] for name in FIXED_ONCE_CREATED if name in properties}


def patched(current: JsonObject, given: JsonObject) -> JsonObject:
    """Return the properties after a PATCH, which replaces those that it names.

    Source: azure-rest-api Microsoft.Batch, Pool - Update: what is not given stays as it is.
    """
    return {**current, **{name: value for name, value in given.items() if value is not None}}


def _to_data_plane(value: Any) -> Any:
    return _translated(value, RENAMED, lambda _, text: text.lower())


def _to_arm(value: Any) -> Any:
    spelling = {theirs: own for own, theirs in RENAMED.items()}
    return _translated(value, spelling, _capitalized)


def _translated(value: Any, renamed: Mapping[str, str], enum_text: Any) -> Any:
    match value:
        case dict():
            return {
                renamed.get(name, name): enum_text(name, item)
                if name in ENUMS and isinstance(item, str)
                else _translated(item, renamed, enum_text)
                for name, item in value.items()
            }
        case list():
            return [_translated(item, renamed, enum_text) for item in value]
        case _:
            return value


def _capitalized(name: str, text: str) -> str:
    return next((word for word in ARM.words(ENUMS[name]) if word.lower() == text.lower()), text)


def _renamed(reference: JsonObject, old: str, new: str) -> JsonObject:
    return {new if name == old else name: value for name, value in reference.items()}


def _image_id(machine: JsonObject, old: str, new: str) -> JsonObject:
    image = machine.get("imageReference")
    return {**machine, "imageReference": _renamed(image, old, new)} if image else machine
