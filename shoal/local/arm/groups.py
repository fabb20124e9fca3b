"""Resource groups. Deleting one deletes everything in it, as in Azure."""

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, batch_accounts, records, storage_accounts
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described
from shoal.local.arm.ids import GROUPS

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
DEFAULT_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shoal"


def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    location = body.get("location")
    if not location:
        raise arm_failures.location_required(call.target.path)
    if old is not None and old["location"] != location:
        raise arm_failures.location_cannot_change(call.target.path, old["location"])
    known = {name: body[name] for name in ("location", "tags", "managedBy") if body.get(name) is not None}
    return described(call.target, GROUPS, {**known, "properties": {"provisioningState": "Succeeded"}})


async def delete(call: ArmCall) -> Answer:
    connection, path = call.service.connection, call.target.path
    records.require(connection, call.target)
    if path.lower() == DEFAULT_GROUP.lower():
        raise arm_failures.cannot_delete_default(path)
    for account in records.below(connection, path, batch_accounts.TYPE):
        await batch_accounts.remove(call.service, account["id"])
    for account in records.below(connection, path, storage_accounts.TYPE):
        await storage_accounts.remove(call.service, account["id"])
    await call.service.loop.change(lambda tx: records.forget(tx, path))
    return Answer(status=200)


KIND = ResourceKind(
    type=GROUPS,
    verbs={"PUT": records.putter(GROUPS, complete), "GET": records.getter(), "HEAD": records.exists, "DELETE": delete},
    listing=records.lister(GROUPS),
)
