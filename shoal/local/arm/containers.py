"""Blob containers of storage accounts: those of the emulator, whoever made them."""

import asyncio
import re
from typing import TYPE_CHECKING

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, immutability_policies, package_blobs, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection, described, resource
from shoal.local.arm.ids import Target, parse

if TYPE_CHECKING:
    from azure.storage.blob import ContainerProperties

TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")


async def put(call: ArmCall) -> Answer:
    if not NAME.fullmatch(call.target.name):
        raise arm_failures.invalid_name(
            "a container", call.target.name, "3 to 63 lower-case letters, digits and hyphens"
        )
    properties = records.properties(call.body())
    if properties.get("publicAccess") not in (None, "None"):
        raise arm_failures.invalid_content("public access is not permitted on this storage account")
    account = _account(call)
    is_new = await asyncio.to_thread(
        package_blobs.make_container, account, call.target.name, properties.get("metadata")
    )
    body = await _view(call)
    # What is kept says only that roles may be assigned on it; what it is like, storage says.
    await call.service.loop.change(lambda tx: records.keep(tx, TYPE, body))
    return resource(body, 201 if is_new else 200)


async def get(call: ArmCall) -> Answer:
    return resource(await _view(call))


async def delete(call: ArmCall) -> Answer:
    """Source: a time-based policy, locked or not, keeps a container that is not empty."""
    if _is_immutable(call) and not await asyncio.to_thread(package_blobs.is_empty, _account(call), call.target.name):
        raise arm_failures.container_protected(call.target.path)
    was_there = await asyncio.to_thread(package_blobs.delete_container, _account(call), call.target.name)
    await call.service.loop.change(lambda tx: records.forget(tx, call.target.path))
    return Answer(status=200 if was_there else 204)


async def listing(call: ArmCall) -> Answer:
    account_path = call.target.owner
    records.require(call.service.connection, parse(account_path))
    account = package_blobs.account(call.service, account_path.rsplit("/", 1)[-1])
    found = await asyncio.to_thread(package_blobs.list_containers, account)
    path = f"{account_path}/blobServices/default/containers"
    connection = call.service.connection
    immutable = {policy["id"].lower() for policy in records.below(connection, account_path, immutability_policies.TYPE)}
    return collection(
        _described(
            parse(f"{path}/{properties.name}"),
            properties,
            immutable=f"{path}/{properties.name}/immutabilitypolicies/default".lower() in immutable,
        )
        for properties in found
    )


def _account(call: ArmCall) -> package_blobs.AutoStorage:
    records.require_parent(call.service.connection, call.target)
    return package_blobs.account(call.service, call.target.names[0])


def _is_immutable(call: ArmCall) -> bool:
    return bool(records.below(call.service.connection, call.target.path, immutability_policies.TYPE))


async def _view(call: ArmCall) -> JsonObject:
    properties = await asyncio.to_thread(package_blobs.find_container, _account(call), call.target.name)
    if properties is None:
        raise arm_failures.not_found(call.target.path)
    return _described(call.target, properties, immutable=_is_immutable(call))


def _described(target: Target, properties: "ContainerProperties", *, immutable: bool) -> JsonObject:
    return described(
        target,
        TYPE,
        {
            "etag": properties.etag,
            "properties": {
                "publicAccess": "None",
                "metadata": properties.metadata or {},
                "lastModifiedTime": properties.last_modified.isoformat(),
                "hasImmutabilityPolicy": immutable,
                "hasLegalHold": False,
            },
        },
    )


KIND = ResourceKind(type=TYPE, verbs={"PUT": put, "GET": get, "DELETE": delete}, listing=listing)
