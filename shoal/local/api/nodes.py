"""Nodes."""

import sqlite3
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api import odata, pools
from shoal.local.api.calls import Answer, Call, entity, page
from shoal.local.api.odata import EQUALITY, Column

AGENT_VERSION = "1.12.15"
"""The version of Azure's agent whose behaviour this one follows. Source: node agent change log, 2025-03-26."""

COLUMNS = {
    "state": Column("nodes.state", "word", EQUALITY),
    "stateTransitionTime": Column("nodes.state_time", "date"),
    "lastBootTime": Column("nodes.booted", "date"),
    "allocationTime": Column("nodes.allocated", "date"),
    "startTaskInfo/state": Column("json_extract(nodes.start_task_info, '$.state')", "word", EQUALITY),
    "startTaskInfo/result": Column("json_extract(nodes.start_task_info, '$.result')", "word", EQUALITY),
    "startTaskInfo/exitCode": Column("json_extract(nodes.start_task_info, '$.exitCode')", "number"),
}

WITH_POOL = (
    "SELECT nodes.*, pools.id AS pool_id, pools.definition, count(allocations.task) AS running_tasks,"
    " ifnull(sum(allocations.slots), 0) AS running_slots FROM nodes JOIN pools ON pools.key = nodes.pool"
    " LEFT JOIN allocations ON allocations.node = nodes.id"
)


async def list_nodes(call: Call) -> Answer:
    pool = pools.find(call)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    rows = call.service.read(
        f"{WITH_POOL} WHERE nodes.pool = ? AND nodes.key > ? AND ({condition})"
        " GROUP BY nodes.key ORDER BY nodes.key LIMIT ?",
        pool["key"],
        call.after(),
        *parameters,
        size + 1,
    )
    return page(call, "nodes", [view(row, call.base_url) for row in rows[:size]], pools.more_after(rows, size))


async def get_node(call: Call) -> Answer:
    row = find(call)
    return entity(call, "nodes", view(row, call.base_url), row["state_time"])


def find(call: Call) -> sqlite3.Row:
    pool = pools.find(call)
    rows = call.service.read(
        f"{WITH_POOL} WHERE nodes.pool = ? AND nodes.id = ? GROUP BY nodes.key", pool["key"], call["node_id"]
    )
    if not rows:
        raise errors.not_found("Node")
    return rows[0]


def view(row: sqlite3.Row, base_url: str) -> dict[str, Any]:
    pool = orjson.loads(row["definition"])
    result: dict[str, Any] = {
        "id": row["id"],
        "url": f"{base_url}/pools/{row['pool_id']}/nodes/{row['id']}",
        "state": row["state"],
        "schedulingState": "enabled",
        "stateTransitionTime": times.iso(row["state_time"]),
        "allocationTime": times.iso(row["allocated"]),
        "ipAddress": row["ip_address"],
        "affinityId": f"TVM:{row['id']}",
        "vmSize": pool["vmSize"],
        "isDedicated": bool(row["dedicated"]),
        "totalTasksRun": row["tasks_run"],
        "totalTasksSucceeded": row["tasks_succeeded"],
        "runningTasksCount": row["running_tasks"],
        "runningTaskSlotsCount": row["running_slots"],
    }
    if row["booted"] is not None:
        booted = times.iso(row["booted"])
        result |= {"lastBootTime": booted, "nodeAgentInfo": {"version": AGENT_VERSION, "lastUpdateTime": booted}}
    if "startTask" in pool:
        result["startTask"] = pool["startTask"]
    for name, column in (("startTaskInfo", "start_task_info"), ("errors", "errors")):
        if row[column] is not None:
            result[name] = orjson.loads(row[column])
    return result
