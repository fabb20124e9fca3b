"""Storage accounts: accounts of the emulator, which serves them from the moment a PUT is answered."""

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING

from shoal.azure.id_patterns import ACCOUNT_NAME
from shoal.local import accounts
from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, package_blobs, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described, resource
from shoal.local.scheduler.loop import Transaction

if TYPE_CHECKING:
    from shoal.local.service import Service

TYPE = "Microsoft.Storage/storageAccounts"
REQUIRED = ("location", "sku", "kind")
KEPT = ("location", "tags", "sku", "kind", "identity")


def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    if not ACCOUNT_NAME.pattern.fullmatch(call.target.name):
        raise arm_failures.invalid_name("a storage account", call.target.name, "3 to 24 lower-case letters and digits")
    for name in REQUIRED:
        if not body.get(name):
            raise arm_failures.invalid_content(f"the required property {name} is missing")
    if old is not None and old["location"] != body["location"]:
        raise arm_failures.location_cannot_change(call.target.path, old["location"])
    _check_rules(records.properties(body).get("networkAcls") or {"defaultAction": "Allow"})
    return described(
        call.target,
        TYPE,
        {
            **{name: body[name] for name in KEPT if body.get(name) is not None},
            "properties": {
                **records.properties(body),
                "provisioningState": "Succeeded",
                "primaryLocation": body["location"],
                "statusOfPrimary": "available",
            },
        },
    )


def _check_rules(rules: JsonObject) -> None:
    """Check the rules. They have an effect only under the condition `storage_firewall`."""
    if rules.get("defaultAction") not in ("Allow", "Deny"):
        raise arm_failures.invalid_content("networkAcls.defaultAction must be Allow or Deny")
    for rule in rules.get("ipRules") or []:
        try:
            ip_network(rule.get("value", ""))
        except ValueError as exc:
            raise arm_failures.invalid_content(f"networkAcls.ipRules: {exc}") from None


def is_open(account: JsonObject) -> bool:
    """Return True where the account lets everybody in."""
    properties = account["properties"]
    rules = properties.get("networkAcls") or {}
    return properties.get("publicNetworkAccess") != "Disabled" and rules.get("defaultAction") != "Deny"


async def put(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> JsonObject:
        records.require_parent(tx.connection, call.target)
        old = records.find(tx.connection, call.target.path)
        if old is None and call.target.name in accounts.storage_keys(tx.connection):
            raise arm_failures.name_taken("StorageAccount", call.target.name)
        body = complete(call, call.body(), old)
        accounts.add_storage_account(tx.connection, call.target.name)
        records.keep(tx, TYPE, body)
        return body

    body = await call.service.loop.change(change)
    await call.service.serve_storage_accounts()
    return resource(view(call.service, body))


async def patch(call: ArmCall) -> Answer:
    """Replace the properties that the body names."""
    given = call.body()

    def change(tx: Transaction) -> JsonObject:
        old = records.require(tx.connection, call.target)
        merged = {**old, **given, "properties": {**old["properties"], **records.properties(given)}}
        body = complete(call, merged, old)
        records.keep(tx, TYPE, body)
        return body

    return resource(view(call.service, await call.service.loop.change(change)))


def view(service: "Service", body: JsonObject) -> JsonObject:
    """Return the account with its endpoint, which is not kept: the next start may use another port."""
    endpoints = {"blob": f"{service.storage.endpoint}/{body['name']}/"}
    return {**body, "properties": {**body["properties"], "primaryEndpoints": endpoints}}


async def delete(call: ArmCall) -> Answer:
    if records.find(call.service.connection, call.target.path) is None:
        return Answer(status=204)
    if call.target.name == accounts.DEFAULT_STORAGE_ACCOUNT:
        raise arm_failures.cannot_delete_default(call.target.path)
    await remove(call.service, call.target.path)
    return Answer(status=200)


async def remove(service: "Service", path: str) -> None:
    """Delete the account with all its blobs. A Batch account that kept packages there loses its auto-storage."""
    name = path.rsplit("/", 1)[-1]
    await asyncio.to_thread(package_blobs.delete_containers, package_blobs.account(service, name))

    def change(tx: Transaction) -> None:
        tx.run("UPDATE accounts SET storage_account = NULL WHERE storage_account = ?", name)
        tx.run("DELETE FROM storage_accounts WHERE name = ?", name)
        records.forget(tx, path)

    await service.loop.change(change)
    await service.serve_storage_accounts()


async def list_keys(call: ArmCall) -> Answer:
    records.require(call.service.connection, call.target)
    key = accounts.storage_keys(call.service.connection)[call.target.name]
    return resource({"keys": [{"keyName": "key1", "value": key, "permissions": "FULL"}]})


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": put, "PATCH": patch, "GET": records.getter(view), "DELETE": delete},
    listing=records.lister(TYPE, view),
    actions={"listkeys": list_keys},
)
