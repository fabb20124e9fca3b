"""Operations on pools."""

from collections.abc import Callable
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api import conditions, container_settings, definitions, odata, pool_usage
from shoal.local.api.calls import Answer, Call, accepted, entity, more_after, page
from shoal.local.api.changes import change
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler import pool_lifecycle
from shoal.local.scheduler.assignments import package
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.pool import Pool
from shoal.local.store.states import AllocationState, NodeDeallocationOption

TARGETS = ("targetDedicatedNodes", "targetLowPriorityNodes")
MOST_REMOVED = 100
"""Nodes in one request. Source: REST reference, Pools - Remove Nodes."""
COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}),
    "state": Column("state", "word", EQUALITY),
    "allocationState": Column("allocation_state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "allocationStateTransitionTime": Column("allocation_time", "date"),
    "creationTime": Column("created", "date"),
    "lastModified": Column("last_modified", "date"),
    "enableAutoScale": Column("(formula IS NOT NULL)", "boolean", EQUALITY),
    "enableInterNodeCommunication": Column(
        "json_extract(definition, '$.enableInterNodeCommunication')", "boolean", EQUALITY
    ),
    "vmSize": Column("json_extract(definition, '$.vmSize')", "word", EQUALITY),
}


async def create_pool(call: Call) -> Answer:
    definition = definitions.pool(call.body(), version=call.version)

    def add(tx: Transaction) -> int:
        require_packages(tx, call.account, definition.body)
        pool_lifecycle.add(tx, call.account, definition)
        return tx.now

    created = await call.service.loop.change(add)
    return accepted(call, 201, created, f"/pools/{definition.id}")


async def list_pools(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    pools_read = call.service.read(
        Pool.from_row,
        f"SELECT * FROM counted_pools WHERE account = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    views = [view(pool, call.base_url) for pool in pools_read[:size]]
    pool_usage.add_to_pools(call, pools_read[:size], views)
    return page(call, "pools", views, more_after(pools_read, size))


async def get_pool(call: Call) -> Answer:
    pool = find(call)
    conditions.check(call.method, call.headers, pool.last_modified)
    shown = view(pool, call.base_url)
    pool_usage.add_to_pools(call, [pool], [shown])
    return entity(call, "pools", shown, pool.last_modified)


async def pool_exists(call: Call) -> Answer:
    pool = find(call)
    conditions.check(call.method, call.headers, pool.last_modified)
    return accepted(call, 200, pool.last_modified)


async def delete_pool(call: Call) -> Answer:
    await change(call, find, pool_lifecycle.begin_delete)
    return accepted(call, 202)


async def resize_pool(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchPoolResizeOptions", body, call.version)
    if not body.keys() & set(TARGETS):
        raise errors.invalid_request_body(f"at least one of {' and '.join(TARGETS)} must be given")
    for name in TARGETS:
        definitions.check_count(body.get(name) or 0, name)
    timeout = _resize_timeout(body)

    def resize(tx: Transaction) -> int:
        pool = find(call)
        conditions.check(call.method, call.headers, pool.last_modified)
        pool_lifecycle.resize(
            tx,
            pool,
            dedicated=body.get("targetDedicatedNodes", pool.target_dedicated),
            low_priority=body.get("targetLowPriorityNodes", pool.target_low_priority),
            deallocation_option=NodeDeallocationOption(
                body.get("nodeDeallocationOption", NodeDeallocationOption.REQUEUE)
            ),
            timeout=timeout,
        )
        return pool.last_modified

    return accepted(call, 202, await call.service.loop.change(resize), f"/pools/{call['pool_id']}/resize")


def _resize_timeout(body: dict[str, Any]) -> str:
    """Return the time that the request allows, or Batch's default. Raises BatchError InvalidPropertyValue."""
    timeout: str = body.get("resizeTimeout", pool_lifecycle.USUAL_TIMEOUT)
    definitions.check_resize_timeout(timeout)
    return timeout


async def update_pool(call: Call) -> Answer:
    return accepted(call, 200, await _redefine(call, definitions.updated_pool))


async def replace_pool_properties(call: Call) -> Answer:
    return accepted(call, 204, await _redefine(call, definitions.replaced_pool))


async def _redefine(call: Call, changed: Callable[[dict[str, Any], Any, str], pool_lifecycle.PoolDefinition]) -> int:
    """Change the definition of the pool of the call. Return its version after that."""
    body = call.body()

    def redefine(tx: Transaction, pool: Pool) -> None:
        definition = changed(pool.body(), body, call.version)
        _check_empty(pool, body)
        require_packages(tx, call.account, definition.body)
        pool_lifecycle.update(tx, pool, definition)

    return await change(call, find, redefine)


def _check_empty(pool: Pool, body: dict[str, Any]) -> None:
    """Raises BatchError where a pool with nodes gets properties that only an empty one may get."""
    fixed = sorted(body.keys() - set(definitions.CHANGEABLE_ANY_TIME))
    if fixed and pool.current_dedicated + pool.current_low_priority:
        reason = f"{', '.join(fixed)} may change only while the pool has no nodes."
        raise errors.conflict("OperationNotValidOnPool", reason)


async def stop_pool_resize(call: Call) -> Answer:
    def stop(tx: Transaction) -> int:
        pool = find(call)
        conditions.check(call.method, call.headers, pool.last_modified)
        pool_lifecycle.stop_resize(tx, pool)
        return pool.last_modified

    return accepted(call, 202, await call.service.loop.change(stop), call.path)


async def remove_nodes(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchNodeRemoveOptions", body, call.version)
    if not 1 <= len(body["nodeList"]) <= MOST_REMOVED:
        raise errors.invalid_property("nodeList", len(body["nodeList"]), f"1 to {MOST_REMOVED} nodes are expected")
    timeout = _resize_timeout(body)
    option = NodeDeallocationOption(body.get("nodeDeallocationOption", NodeDeallocationOption.REQUEUE))

    def remove(tx: Transaction) -> int:
        pool = find(call)
        conditions.check(call.method, call.headers, pool.last_modified)
        pool_lifecycle.remove_nodes(tx, pool, body["nodeList"], deallocation_option=option, timeout=timeout)
        return pool.last_modified

    return accepted(call, 202, await call.service.loop.change(remove), call.path)


def find(call: Call) -> Pool:
    """Return the pool of the call. Raises BatchError PoolNotFound."""
    return Pool.require(call.service.connection, call.account, call["pool_id"])


def require_packages(tx: Transaction, account: str, body: dict[str, Any]) -> None:
    """Raises BatchError InvalidApplicationPackageReferences where a referenced version is missing or not active."""
    references = body.get("applicationPackageReferences", ())
    missing = [r["applicationId"] for r in references if package(tx, account, r)["blob"] is None]
    if missing:
        raise errors.invalid_application_package_references(missing)


def view(pool: Pool, base_url: str) -> dict[str, Any]:
    """Return the pool as clients read it."""
    body = container_settings.without_passwords(pool.body())
    for name in ("autoScaleFormula", "autoScaleEvaluationInterval"):
        body.pop(name, None)
    if pool.formula is not None:
        body["autoScaleFormula"] = pool.formula
        body["autoScaleEvaluationInterval"] = times.iso_duration(pool.evaluation_interval)
        if pool.auto_scale_run is not None:
            body["autoScaleRun"] = orjson.loads(pool.auto_scale_run)
    if pool.resize_errors and pool.allocation_state is AllocationState.STEADY:
        body["resizeErrors"] = list(pool.resize_errors)
    return {
        **body,
        "enableAutoScale": pool.formula is not None,
        "id": pool.id,
        "url": f"{base_url}/pools/{pool.id}",
        "eTag": times.etag(pool.last_modified),
        "lastModified": times.iso(pool.last_modified),
        "creationTime": times.iso(pool.created),
        "state": pool.state,
        "stateTransitionTime": times.iso(pool.state_time),
        "allocationState": pool.allocation_state,
        "allocationStateTransitionTime": times.iso(pool.allocation_time),
        "targetDedicatedNodes": pool.target_dedicated,
        "targetLowPriorityNodes": pool.target_low_priority,
        "currentDedicatedNodes": pool.current_dedicated,
        "currentLowPriorityNodes": pool.current_low_priority,
    }
