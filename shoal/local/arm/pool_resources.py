"""Pools, the same as those of the data plane."""

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace

from shoal.local import chaos, errors
from shoal.local.api import conditions, definitions, odata
from shoal.local.api import pools as data_plane
from shoal.local.api.calls import Answer
from shoal.local.api.container_settings import REGISTRIES, without_passwords
from shoal.local.api.shapes import ARM, FROM_ARM
from shoal.local.arm import arm_failures, list_options, records
from shoal.local.arm.arm_call import (
    ArmCall,
    Handler,
    JsonObject,
    ResourceKind,
    described,
    versioned,
    weak_etag,
)
from shoal.local.arm.batch_accounts import gone
from shoal.local.arm.ids import Target, parse
from shoal.local.arm.pool_shapes import (
    REPEATABLE,
    arm_properties,
    carried_fixed,
    changed_fixed,
    data_plane_body,
    deallocation_option,
    fixed,
    patched,
)
from shoal.local.scheduler import pool_lifecycle, scaling
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.pool import Pool
from shoal.local.store.states import PoolState

TYPE = "Microsoft.Batch/batchAccounts/pools"
NODE_IDENTITY = "UserAssigned"
WITH_REMOVED_PROPERTIES = "2024-02-01"
"""The last api-version that has `targetNodeCommunicationMode` and `cloudServiceConfiguration`, which pools keep when
requests of later versions change them."""
MACHINE = "virtualMachineConfiguration"
CONTAINERS = "containerConfiguration"
WITH_SECRETS = ("userAccounts", "mountConfiguration")
"""Parts whose passwords and keys are not kept, so that they cannot be read and given again."""
WITH_TODAYS_NAMES = "2022-10-01"
"""The data plane knows all properties under their present names from here on; ARM's table has read earlier ones."""
FILTERABLE = ("allocationState", "allocationStateTransitionTime", "creationTime", "lastModified", "vmSize")
"""Source: azure-mgmt-batch 19.0, PoolOperations.list_by_batch_account, which lists some others as well."""
COLUMNS = {
    "name": data_plane.COLUMNS["id"],
    **{f"properties/{name}": column for name, column in data_plane.COLUMNS.items() if name in FILTERABLE},
}


async def put(call: ArmCall) -> Answer:
    body = call.body()
    ARM.normalize("Pool", body, call.version)
    option = deallocation_option(records.properties(body))

    def change(tx: Transaction) -> None:
        records.require_parent(tx.connection, call.target)
        pool = _find(tx.connection, call.target)
        _check_conditions(call, pool)
        definition = _definition(call, body) if pool is None else _replacing(tx, call, pool, body)
        data_plane.require_packages(tx, call.target.names[0], definition.body)
        _require_subnet(tx.connection, definition.body)
        if pool is None:
            pool_lifecycle.add(tx, call.target.names[0], definition)
        else:
            _require_changeable(pool, definition)
            pool_lifecycle.redefine(tx, pool, definition, deallocation_option=option)

    await call.service.loop.change(change)
    return _answer(call)


async def patch(call: ArmCall) -> Answer:
    """Replace the properties that the body names. Of the parts that cannot change it may repeat some as they are."""
    body = call.body()
    ARM.normalize("Pool", body, call.version)
    _require_without_fixed(body, REPEATABLE)
    option = deallocation_option(records.properties(body))

    def change(tx: Transaction) -> None:
        pool = _find(tx.connection, call.target)
        _check_conditions(call, pool)
        if pool is None:
            raise arm_failures.not_found(call.target.path)
        definition = _patched(call, pool, body)
        _require_unchanged(pool, definition)
        data_plane.require_packages(tx, call.target.names[0], definition.body)
        pool_lifecycle.redefine(tx, pool, definition, deallocation_option=option)
        # The answer has the first evaluation of another formula already, as recorded.
        scaling.evaluate_due(tx)

    await call.service.loop.change(change)
    return _answer(call)


async def get(call: ArmCall) -> Answer:
    return _answer(call)


async def delete(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> bool:
        pool = _find(tx.connection, call.target)
        _check_conditions(call, pool)
        if pool is not None and pool.state is PoolState.ACTIVE:
            pool_lifecycle.begin_delete(tx, pool)
        return pool is not None

    if not await call.service.loop.change(change):
        return Answer(status=204)
    await gone(call.service, call.target.path, "SELECT 1 FROM pools WHERE account = ? AND id = ?", *call.target.names)
    return Answer(status=200)


def _stop_resize(tx: Transaction, pool: Pool) -> None:
    if pool.formula is not None:
        raise arm_failures.formula_resizes()
    pool_lifecycle.stop_resize(tx, pool)


def _acting(act: Callable[[Transaction, Pool], None]) -> Handler:
    """Return a handler that changes the pool and answers with it."""

    async def handle(call: ArmCall) -> Answer:
        def change(tx: Transaction) -> None:
            pool = _find(tx.connection, call.target)
            if pool is None:
                raise arm_failures.not_found(call.target.path)
            act(tx, pool)

        await call.service.loop.change(change)
        return _answer(call)

    return handle


async def listing(call: ArmCall) -> Answer:
    records.require(call.service.connection, parse(call.target.owner))
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    sql = f"SELECT * FROM counted_pools WHERE account = ? AND ({condition})"
    found = call.service.read(Pool.from_row, sql, *call.target.names, *parameters)
    views = (_view(parse(f"{call.target.path}/{pool.id}"), pool) for pool in found)
    return list_options.page(call, [ARM.spoken("Pool", shown, call.version) for shown in views])


def _definition(call: ArmCall, body: JsonObject, *, version: str | None = None) -> pool_lifecycle.PoolDefinition:
    identities = (body.get("identity") or {}).get("userAssignedIdentities") or {}
    properties = data_plane_body(call.target.name, records.properties(body))
    spoken = max(version or call.version, WITH_TODAYS_NAMES)
    return definitions.pool(properties, version=spoken, shapes=FROM_ARM, identities=identities, tags=body.get("tags"))


def _replacing(tx: Transaction, call: ArmCall, pool: Pool, body: JsonObject) -> pool_lifecycle.PoolDefinition:
    """Return the pool after a PUT. A strict cloud wants a body without the parts that cannot change, and keeps these.

    Raises BatchError PropertyCannotBeUpdated.
    """
    if not chaos.load(tx.connection).strict_pool_puts:
        return _definition(call, body)
    _require_without_fixed(body)
    kept = _readable(fixed(_view(call.target, pool)["properties"]))
    whole = {**body, "properties": _with_passwords({**records.properties(body), **kept}, pool)}
    return _with_secrets(_definition(call, whole, version=min(call.version, WITH_REMOVED_PROPERTIES)), pool)


def _patched(call: ArmCall, pool: Pool, body: JsonObject) -> pool_lifecycle.PoolDefinition:
    """Return the pool after a PATCH."""
    current = _view(call.target, pool)
    properties = _with_passwords(patched(_readable(current["properties"]), records.properties(body)), pool)
    given = {name: value for name, value in body.items() if value is not None}
    # The body itself was checked by its own api-version.
    version = min(call.version, WITH_REMOVED_PROPERTIES)
    return _with_secrets(_definition(call, {**current, **given, "properties": properties}, version=version), pool)


def _readable(properties: JsonObject) -> JsonObject:
    return {name: value for name, value in properties.items() if name not in WITH_SECRETS}


def _with_secrets(definition: pool_lifecycle.PoolDefinition, pool: Pool) -> pool_lifecycle.PoolDefinition:
    kept = {name: value for name, value in pool.body().items() if name in WITH_SECRETS}
    return replace(definition, body={**kept, **definition.body})


def _with_passwords(properties: JsonObject, pool: Pool) -> JsonObject:
    """Return properties as read from a pool with the passwords of its registries, which cannot be read."""
    machine = (properties.get("deploymentConfiguration") or {}).get(MACHINE) or {}
    known, shown = _registries(pool.body()), _registries(without_passwords(pool.body()))
    if known is None or _registries({MACHINE: machine}) != shown:
        return properties
    complete = {**machine, CONTAINERS: {**machine[CONTAINERS], REGISTRIES: known}}
    return {**properties, "deploymentConfiguration": {MACHINE: complete}}


def _registries(pool: JsonObject) -> list[JsonObject] | None:
    found: list[JsonObject] | None = pool.get(MACHINE, {}).get(CONTAINERS, {}).get(REGISTRIES)
    return found


def _find(connection: sqlite3.Connection, target: Target) -> Pool | None:
    account, pool_id = target.names
    return Pool.find(connection, account, pool_id)


def _require_subnet(connection: sqlite3.Connection, definition: JsonObject) -> None:
    """Raises BatchError InvalidPropertyValue."""
    subnet = definition.get("networkConfiguration", {}).get("subnetId")
    if subnet is not None and records.find(connection, subnet) is None:
        raise errors.invalid_property("subnetId", subnet, "The subnet does not exist")


def _check_conditions(call: ArmCall, pool: Pool | None) -> None:
    if pool is not None:
        conditions.check(call.method, call.headers, pool.last_modified)
    elif call.headers.get("if-match"):
        raise errors.condition_not_met(412)


def _require_without_fixed(body: JsonObject, repeatable: Collection[str] = ()) -> None:
    """Raises BatchError PropertyCannotBeUpdated where the body names a part that cannot change, even with its value."""
    if (name := carried_fixed(records.properties(body), repeatable)) is not None:
        raise arm_failures.fixed_property_given(name)


def _require_changeable(pool: Pool, definition: pool_lifecycle.PoolDefinition) -> None:
    """Raises BatchError PropertyCannotBeUpdated, as Azure does for a pool with nodes."""
    if pool.current_dedicated + pool.current_low_priority > 0:
        _require_unchanged(pool, definition)


def _require_unchanged(pool: Pool, definition: pool_lifecycle.PoolDefinition) -> None:
    """Raises BatchError PropertyCannotBeUpdated where a part that cannot change would."""
    before = data_plane.view(pool, "")
    after = without_passwords({**before, **definition.body})
    name = changed_fixed(arm_properties(before), arm_properties(after))
    if name is not None:
        raise arm_failures.property_cannot_be_updated(name)


def _answer(call: ArmCall) -> Answer:
    pool = _find(call.service.connection, call.target)
    if pool is None:
        raise arm_failures.not_found(call.target.path)
    return versioned(ARM.spoken("Pool", _view(call.target, pool), call.version), pool.last_modified)


def _view(target: Target, pool: Pool) -> JsonObject:
    known = {"type": NODE_IDENTITY, "userAssignedIdentities": {id_: {} for id_ in pool.identities}}
    return described(
        target,
        TYPE,
        {
            "etag": weak_etag(pool.last_modified),
            **({"identity": known} if pool.identities else {}),
            **({"tags": pool.tags} if pool.tags else {}),
            "properties": arm_properties(data_plane.view(pool, ""), pool.deallocation_option),
        },
    )


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": put, "PATCH": patch, "GET": get, "DELETE": delete},
    listing=listing,
    actions={
        "disableautoscale": _acting(scaling.disable),
        "stopresize": _acting(_stop_resize),
    },
)
