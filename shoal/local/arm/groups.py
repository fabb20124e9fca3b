"""Resource groups. Deleting one deletes everything in it, as in Azure."""

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, batch_accounts, records, storage_accounts
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection, described, resource
from shoal.local.arm.ids import GROUPS, parse
from shoal.local.scheduler.loop import Transaction

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
LISTED = ("id", "name", "type", "location", "tags", "kind", "sku", "identity")
"""Properties of a resource in a list of all types. Source: ARM, Resources - List By Resource Group."""
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


async def patch(call: ArmCall) -> Answer:
    """Replace the tags, or what else the body names."""

    def change(tx: Transaction) -> JsonObject:
        old = records.require(tx.connection, call.target)
        body = complete(call, {**old, **call.body()}, old)
        records.keep(tx, GROUPS, body)
        return body

    return resource(await call.service.loop.change(change))


async def resources(call: ArmCall) -> Answer:
    """List the resources in the group, without those that are parts of another."""
    records.require(call.service.connection, parse(call.target.owner))
    bodies = records.below_any(call.service.connection, call.target.owner)
    return collection(
        {name: body[name] for name in LISTED if name in body} for body in bodies if len(parse(body["id"]).names) == 1
    )


KINDS = (
    ResourceKind(
        type=GROUPS,
        verbs={
            "PUT": records.putter(GROUPS, complete),
            "PATCH": patch,
            "GET": records.getter(),
            "HEAD": records.exists,
            "DELETE": delete,
        },
        listing=records.lister(GROUPS),
    ),
    ResourceKind(type=f"{GROUPS}/resources", verbs={}, listing=resources),
)
