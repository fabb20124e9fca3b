"""The blob service of a storage account: it is there as long as the account, and is only ever changed.

Soft delete is checked and kept. The emulator deletes for good.
"""

from typing import Any

from shoal.azure.limits import SOFT_DELETE_DAYS
from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection, described, resource
from shoal.local.arm.ids import parse

TYPE = "Microsoft.Storage/storageAccounts/blobServices"
AT_REST = {
    "cors": {"corsRules": []},
    "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
    "containerDeleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
}
RETENTIONS = ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")


def complete(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> JsonObject:
    if call.target.name != "default":
        raise arm_failures.not_found(call.target.path)
    given = records.properties(body)
    for name in RETENTIONS:
        _check(given.get(name) or {}, name)
    return _described(call.target.path, given)


def _check(policy: JsonObject, where: str) -> None:
    days: Any = policy.get("days")
    if not policy.get("enabled"):
        return
    if not isinstance(days, int) or not 1 <= days <= SOFT_DELETE_DAYS:
        raise arm_failures.invalid_content(f"{where}.days must be between 1 and {SOFT_DELETE_DAYS}")


async def get(call: ArmCall) -> Answer:
    if call.target.name != "default":
        raise arm_failures.not_found(call.target.path)
    records.require_parent(call.service.connection, call.target)
    kept = records.find(call.service.connection, call.target.path)
    return resource(kept or _described(call.target.path, {}))


async def listing(call: ArmCall) -> Answer:
    records.require(call.service.connection, parse(call.target.owner))
    path = f"{call.target.path}/default"
    return collection([records.find(call.service.connection, path) or _described(path, {})])


def _described(path: str, given: JsonObject) -> JsonObject:
    return described(parse(path), TYPE, {"properties": {**AT_REST, **given}})


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete, created=200), "GET": get},
    listing=listing,
)
