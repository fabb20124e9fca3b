"""The file service of a storage account, which clients read together with the account. It has no file shares."""

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, ResourceKind, described, resource

TYPE = "Microsoft.Storage/storageAccounts/fileServices"
AT_REST = {"cors": {"corsRules": []}, "shareDeleteRetentionPolicy": {"enabled": True, "days": 7}}


async def get(call: ArmCall) -> Answer:
    if call.target.name != "default":
        raise arm_failures.not_found(call.target.path)
    records.require_parent(call.service.connection, call.target)
    return resource(described(call.target, TYPE, {"properties": AT_REST}))


KIND = ResourceKind(type=TYPE, verbs={"GET": get})
