"""Pools."""

import sqlite3
from typing import Any

import orjson
from azure.batch import models

from shoal.local import errors, times
from shoal.local.api import conditions, definitions, odata, shapes
from shoal.local.api.calls import Answer, Call, accepted, entity, page
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column
from shoal.local.scheduler import pools
from shoal.local.scheduler.assignments import package
from shoal.local.scheduler.loop import Transaction

COLUMNS = {
    "id": Column("pools.id", "text", ALL | {PREFIX}),
    "state": Column("pools.state", "word", EQUALITY),
    "allocationState": Column("pools.allocation_state", "word", EQUALITY),
    "stateTransitionTime": Column("pools.state_time", "date"),
    "allocationStateTransitionTime": Column("pools.allocation_time", "date"),
    "creationTime": Column("pools.created", "date"),
    "lastModified": Column("pools.last_modified", "date"),
    "enableAutoScale": Column("(pools.formula IS NOT NULL)", "boolean", EQUALITY),
    "enableInterNodeCommunication": Column(
        "json_extract(pools.definition, '$.enableInterNodeCommunication')", "boolean", EQUALITY
    ),
    "vmSize": Column("json_extract(pools.definition, '$.vmSize')", "word", EQUALITY),
}

WITH_COUNTS = (
    "SELECT pools.*, count(nodes.key) FILTER (WHERE nodes.dedicated) AS current_dedicated,"
    " count(nodes.key) FILTER (WHERE NOT nodes.dedicated) AS current_low_priority"
    " FROM pools LEFT JOIN nodes ON nodes.pool = pools.key"
)


async def create_pool(call: Call) -> Answer:
    definition = definitions.pool(call.body())

    def add(tx: Transaction) -> int:
        require_packages(tx, call.account, definition.body)
        pools.add(tx, call.account, definition)
        return tx.now

    created = await call.service.loop.change(add)
    return accepted(call, 201, created, f"/pools/{definition.id}")


async def list_pools(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    rows = call.service.read(
        f"{WITH_COUNTS} WHERE pools.account = ? AND pools.key > ? AND ({condition})"
        " GROUP BY pools.key ORDER BY pools.key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    return page(call, "pools", [view(row, call.base_url) for row in rows[:size]], more_after(rows, size))


async def get_pool(call: Call) -> Answer:
    row = find(call)
    conditions.check(call.method, call.headers, row["last_modified"])
    return entity(call, "pools", view(row, call.base_url), row["last_modified"])


async def pool_exists(call: Call) -> Answer:
    row = find(call)
    conditions.check(call.method, call.headers, row["last_modified"])
    return accepted(call, 200, row["last_modified"])


async def delete_pool(call: Call) -> Answer:
    def delete(tx: Transaction) -> None:
        pool = pools.by_id(tx, call.account, call["pool_id"])
        conditions.check(call.method, call.headers, pool["last_modified"])
        pools.begin_delete(tx, pool)

    await call.service.loop.change(delete)
    return accepted(call, 202)


async def resize_pool(call: Call) -> Answer:
    body = call.body()
    shapes.normalize(models.BatchPoolResizeOptions, body)
    for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
        definitions.check_count(body.get(name) or 0, name)
    if timeout := body.get("resizeTimeout"):
        definitions.check_resize_timeout(timeout)

    def resize(tx: Transaction) -> int:
        pool = pools.by_id(tx, call.account, call["pool_id"])
        conditions.check(call.method, call.headers, pool["last_modified"])
        pools.resize(
            tx,
            pool,
            dedicated=body.get("targetDedicatedNodes", pool["target_dedicated"]),
            low_priority=body.get("targetLowPriorityNodes", pool["target_low_priority"]),
            deallocation_option=body.get("nodeDeallocationOption", "requeue"),
        )
        return int(pool["last_modified"])

    return accepted(call, 202, await call.service.loop.change(resize), f"/pools/{call['pool_id']}/resize")


def find(call: Call) -> sqlite3.Row:
    rows = call.service.read(
        f"{WITH_COUNTS} WHERE pools.account = ? AND pools.id = ? GROUP BY pools.key", call.account, call["pool_id"]
    )
    if not rows:
        raise errors.not_found("Pool")
    return rows[0]


def require_packages(tx: Transaction, account: str, body: dict[str, Any]) -> None:
    """Raises BatchError InvalidApplicationPackageReferences where a referenced version is not there and active."""
    references = body.get("applicationPackageReferences", ())
    missing = [r["applicationId"] for r in references if package(tx, account, r)["blob"] is None]
    if missing:
        raise errors.invalid_application_package_references(missing)


def more_after(rows: list[sqlite3.Row], size: int) -> int | None:
    """The key after which the next page starts, where one more row than the page holds was read."""
    return rows[size - 1]["key"] if len(rows) > size else None


def view(row: sqlite3.Row, base_url: str) -> dict[str, Any]:
    """As clients read it; `row` comes with the counts of its nodes."""
    definition = orjson.loads(row["definition"])
    for name in ("autoScaleFormula", "autoScaleEvaluationInterval"):
        definition.pop(name, None)
    if row["formula"] is not None:
        definition["autoScaleFormula"] = row["formula"]
        definition["autoScaleEvaluationInterval"] = times.iso_duration(row["evaluation_interval"])
        if row["auto_scale_run"] is not None:
            definition["autoScaleRun"] = orjson.loads(row["auto_scale_run"])
    return {
        **definition,
        "enableAutoScale": row["formula"] is not None,
        "id": row["id"],
        "url": f"{base_url}/pools/{row['id']}",
        "eTag": times.etag(row["last_modified"]),
        "lastModified": times.iso(row["last_modified"]),
        "creationTime": times.iso(row["created"]),
        "state": row["state"],
        "stateTransitionTime": times.iso(row["state_time"]),
        "allocationState": row["allocation_state"],
        "allocationStateTransitionTime": times.iso(row["allocation_time"]),
        "targetDedicatedNodes": row["target_dedicated"],
        "targetLowPriorityNodes": row["target_low_priority"],
        "currentDedicatedNodes": row["current_dedicated"],
        "currentLowPriorityNodes": row["current_low_priority"],
    }
