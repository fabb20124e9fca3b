"""Batch accounts: each has its own endpoint on the data plane from the moment its PUT is answered."""

import asyncio
import uuid
from typing import TYPE_CHECKING

from shoal.azure.id_patterns import ACCOUNT_NAME
from shoal.local import accounts, chaos, times
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import (
    arm_failures,
    batch_account_keys,
    batch_account_links,
    pool_allocation,
    records,
    storage_accounts,
)
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection, described, resource
from shoal.local.chaos import Chaos
from shoal.local.scheduler import job_lifecycle, job_schedules, pool_lifecycle, quotas
from shoal.local.scheduler.loop import Transaction
from shoal.local.store import queries
from shoal.local.store.account import Account
from shoal.local.store.job import Job
from shoal.local.store.job_schedule import JobSchedule
from shoal.local.store.pool import Pool
from shoal.local.store.states import JobScheduleState, JobState, PoolState

if TYPE_CHECKING:
    from shoal.local.service import Service

TYPE = "Microsoft.Batch/batchAccounts"
RESERVED = {"subscriptions", "providers", "tenants", "metadata", "common", "organizations"}
"""Accounts share their first path segment with ARM and with the tenant."""
FILLED_IN: JsonObject = {"encryption": {"keySource": "Microsoft.Batch"}}
"""Source: answers recorded in the tests of azure-cli, api-version 2024-02-01; so `identity` and `lastKeySync` below."""
LOOK_EVERY = 0.02
GONE_WITHIN = 60.0
"""Seconds."""


def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    name = call.target.name
    if not ACCOUNT_NAME.pattern.fullmatch(name) or name in RESERVED:
        raise arm_failures.invalid_name("a Batch account", name, "3 to 24 lower-case letters and digits")
    settable = {name: value for name, value in body.items() if name not in ("name", "type", "id")}
    ARM.normalize("BatchAccountCreateParameters", settable, call.version)
    if old is not None and old["location"] != body["location"]:
        raise arm_failures.location_cannot_change(call.target.path, old["location"])
    properties = pool_allocation.completed(records.properties(body), old and old["properties"])
    return described(
        call.target,
        TYPE,
        {
            **{name: body[name] for name in ("location", "tags", "identity") if body.get(name) is not None},
            "properties": {
                "publicNetworkAccess": "Enabled",
                **properties,
                "provisioningState": "Succeeded",
            },
        },
    )


async def put(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> JsonObject:
        records.require_parent(tx.connection, call.target)
        old = records.find(tx.connection, call.target.path)
        if old is None and Account.find(tx.connection, call.target.name) is not None:
            raise arm_failures.name_taken("Account", call.target.name)
        body = _synced(complete(call, call.body(), old), old, tx.now)
        _keep(tx, body)
        return body

    return _answer(call, await call.service.loop.change(change))


async def get(call: ArmCall) -> Answer:
    return _answer(call, records.require(call.service.connection, call.target))


async def patch(call: ArmCall) -> Answer:
    """Replace the properties that the body names; an empty `storageAccountId` unlinks auto-storage."""
    given = call.body()
    ARM.normalize("BatchAccountUpdateParameters", given, call.version)

    def change(tx: Transaction) -> JsonObject:
        old = records.require(tx.connection, call.target)
        pool_allocation.check_modes(old["properties"]["poolAllocationMode"], records.properties(given))
        merged = {**old["properties"], **records.properties(given)}
        if not (merged.get("autoStorage") or {}).get("storageAccountId"):
            merged.pop("autoStorage", None)
        body = _synced({**old, **given, "properties": merged}, old, tx.now)
        _keep(tx, body)
        return body

    return _answer(call, await call.service.loop.change(change))


def _keep(tx: Transaction, body: JsonObject) -> None:
    with_keys = pool_allocation.has_keys(body["properties"])
    accounts.add_account(tx.connection, body["name"], _auto_storage(tx, body), with_keys=with_keys)
    records.keep(tx, TYPE, body)


def _answer(call: ArmCall, body: JsonObject) -> Answer:
    """Answer with the account. Unlike what is below it, an account has a strong ETag, and not in its body."""
    changed = records.last_changed(call.service.connection, call.target.path)
    headers = {"ETag": f'"{times.etag(changed)}"', "Last-Modified": times.http_date(changed)}
    return resource(ARM.spoken("BatchAccount", view(call.service, body), call.version), headers=headers)


async def listing(call: ArmCall) -> Answer:
    bodies = records.below(call.service.connection, call.target.owner, TYPE)
    return collection(ARM.spoken("BatchAccount", view(call.service, body), call.version) for body in bodies)


def view(service: "Service", body: JsonObject) -> JsonObject:
    """Return the account with what is not kept: quotas, connections, and its endpoint, whose port may change."""
    properties = {**FILLED_IN, **body["properties"], **_quotas(service, body["properties"])}
    node_management = f"{uuid.uuid5(uuid.NAMESPACE_URL, body['id'].lower())}.{body['location']}.service.batch.azure.com"
    return {
        "identity": {"type": "None"},
        **body,
        "properties": {
            **properties,
            "accountEndpoint": _endpoint(service.url, body["name"]),
            "nodeManagementEndpoint": node_management,
            "privateEndpointConnections": batch_account_links.connections(service.connection, body["id"]),
        },
    }


def _endpoint(url: str, account: str) -> str:
    """Return the account's endpoint, which in Azure has no scheme: clients put `https://` before it."""
    return f"{url.removeprefix('https://')}/{account}"


def _synced(body: JsonObject, old: JsonObject | None, now: int) -> JsonObject:
    """Return the account with the time at which it read the keys of its auto-storage."""
    if (storage := body["properties"].get("autoStorage")) is None:
        return body
    before = (old or {"properties": {}})["properties"].get("autoStorage") or {}
    is_same = before.get("storageAccountId") == storage["storageAccountId"]
    synced = before.get("lastKeySync") if is_same else None
    known = {"authenticationMode": "StorageKeys", **storage, "lastKeySync": synced or times.iso(now)}
    return {**body, "properties": {**body["properties"], "autoStorage": known}}


def _quotas(service: "Service", properties: JsonObject) -> JsonObject:
    return pool_allocation.quotas(properties, _all_quotas(chaos.load(service.connection)))


def _all_quotas(conditions: Chaos) -> JsonObject:
    return {
        "dedicatedCoreQuota": conditions.dedicated_core_quota,
        "dedicatedCoreQuotaPerVMFamily": [
            {"name": family, "coreQuota": conditions.vm_family_core_quota} for family in quotas.vm_families()
        ],
        "dedicatedCoreQuotaPerVMFamilyEnforced": True,
        "lowPriorityCoreQuota": conditions.low_priority_core_quota,
        "poolQuota": conditions.pool_quota,
        "activeJobAndJobScheduleQuota": conditions.active_job_quota,
    }


def _auto_storage(tx: Transaction, body: JsonObject) -> str | None:
    """Return the name of the linked storage account. Raises BatchError where there is none."""
    linked = body["properties"].get("autoStorage")
    if linked is None:
        return None
    found = records.find(tx.connection, linked["storageAccountId"])
    if found is None or found["type"] != storage_accounts.TYPE:
        raise arm_failures.storage_account_not_found(linked["storageAccountId"])
    return str(found["name"])


async def delete(call: ArmCall) -> Answer:
    if records.find(call.service.connection, call.target.path) is None:
        return Answer(status=204)
    if call.target.name == accounts.DEFAULT_ACCOUNT:
        raise arm_failures.cannot_delete_default(call.target.path)
    await remove(call.service, call.target.path)
    return Answer(status=200)


async def remove(service: "Service", path: str) -> None:
    """Delete the account with its pools and jobs, once their nodes and tasks are gone. Raises BatchError."""
    name = path.rsplit("/", 1)[-1]

    def empty(tx: Transaction) -> None:
        # First: they would create other jobs.
        going_on = "SELECT * FROM job_schedules WHERE account = ? AND state != ?"
        for schedule in tx.all(JobSchedule.from_row, going_on, name, JobScheduleState.DELETING):
            job_schedules.begin_delete(tx, schedule)
        active = "SELECT * FROM counted_pools WHERE account = ? AND state = ?"
        for pool in tx.all(Pool.from_row, active, name, PoolState.ACTIVE):
            pool_lifecycle.begin_delete(tx, pool)
        staying = "SELECT * FROM jobs WHERE account = ? AND state != ?"
        for job in tx.all(Job.from_row, staying, name, JobState.DELETING):
            job_lifecycle.begin_delete(tx, job)

    def forget(tx: Transaction) -> None:
        tx.run("DELETE FROM accounts WHERE name = ?", name)
        records.forget(tx, path)

    await service.loop.change(empty)
    await gone(
        service, path, "SELECT 1 FROM pools WHERE account = ?1 UNION SELECT 1 FROM jobs WHERE account = ?1", name
    )
    await service.loop.change(forget)


async def gone(service: "Service", path: str, remaining: str, *parameters: str) -> None:
    """Wait until a query finds nothing. Raises BatchError ResourceBeingDeleted where that takes too long."""
    for _ in range(int(GONE_WITHIN / LOOK_EVERY)):
        if not queries.exists(service.connection, remaining, *parameters):
            return
        await asyncio.sleep(LOOK_EVERY)
    raise arm_failures.still_deleting(path)


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": put, "PATCH": patch, "GET": get, "DELETE": delete},
    listing=listing,
    actions=batch_account_keys.ACTIONS,
)
