"""Operations on nodes."""

from collections.abc import Callable
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api import images, odata, pools
from shoal.local.api.calls import Answer, Call, accepted, context, entity, more_after, page
from shoal.local.api.odata import EQUAL, EQUALITY, Column, moment_in
from shoal.local.api.recent_tasks import add_recent_tasks
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler import node_restarts, node_scheduling
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool
from shoal.local.store.states import NodeDeallocationOption, NodeDisableSchedulingOption

AGENT_VERSION = "1.12.15"
"""The version of Azure's agent whose behaviour this one follows. Source: node agent change log, 2025-03-26."""

REMOTE_LOGIN_PORT = 50000
"""The first port that Azure gives to nodes. Source: REST reference, Nodes - Get Remote Login Settings, example."""

SSH_PORT, RDP_PORT = 22, 3389
NOWHERE = "batch.invalid"
"""A domain in which no name can be resolved. Source: RFC 2606."""

COLUMNS = {
    "state": Column("state", "word", EQUALITY),
    "stateTransitionTime": Column("state_time", "date"),
    "lastBootTime": Column("booted", "date"),
    "allocationTime": Column("allocated", "date"),
    "startTaskInfo/state": Column("json_extract(start_task_info, '$.state')", "word", EQUAL),
    "startTaskInfo/result": Column("json_extract(start_task_info, '$.result')", "word", EQUALITY),
    "startTaskInfo/exitCode": Column("json_extract(start_task_info, '$.exitCode')", "number"),
    "startTaskInfo/startTime": Column(moment_in("start_task_info", "$.startTime"), "date"),
    "startTaskInfo/endTime": Column(moment_in("start_task_info", "$.endTime"), "date"),
}


async def list_nodes(call: Call) -> Answer:
    pool = pools.find(call)
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    nodes_read = call.service.read(
        Node.from_row,
        f"SELECT * FROM busy_nodes WHERE pool = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        pool.key,
        call.after(),
        *parameters,
        size + 1,
    )
    views = [view(node, pool, call.base_url) for node in nodes_read[:size]]
    add_recent_tasks(call, nodes_read[:size], views)
    return page(call, "nodes", views, more_after(nodes_read, size))


async def get_node(call: Call) -> Answer:
    pool, node = find(call)
    shown = view(node, pool, call.base_url)
    add_recent_tasks(call, [node], [shown])
    return entity(call, "nodes", shown, node.state_time)


async def reboot_node(call: Call) -> Answer:
    return await _restart(call, node_restarts.reboot, "BatchNodeRebootOptions", "nodeRebootOption")


async def reimage_node(call: Call) -> Answer:
    return await _restart(call, node_restarts.reimage, "BatchNodeReimageOptions", "nodeReimageOption")


async def deallocate_node(call: Call) -> Answer:
    return await _restart(call, node_restarts.deallocate, "BatchNodeDeallocateOptions", "nodeDeallocateOption")


async def _restart(
    call: Call, restart: Callable[[Transaction, Node, NodeDeallocationOption], None], shape: str, name: str
) -> Answer:
    body = call.body()
    DATA_PLANE.normalize(shape, body, call.version)
    option = NodeDeallocationOption(body.get(name, NodeDeallocationOption.REQUEUE))
    await call.service.loop.change(lambda tx: restart(tx, find(call)[1], option))
    return accepted(call, 202, path=call.path)


async def start_node(call: Call) -> Answer:
    await call.service.loop.change(lambda tx: node_restarts.start(tx, find(call)[1]))
    return accepted(call, 202, path=call.path)


async def disable_node_scheduling(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchNodeDisableSchedulingOptions", body, call.version)
    option = NodeDisableSchedulingOption(body.get("nodeDisableSchedulingOption", NodeDisableSchedulingOption.REQUEUE))
    await call.service.loop.change(lambda tx: node_scheduling.disable(tx, find(call)[1], option))
    return accepted(call, 200)


async def enable_node_scheduling(call: Call) -> Answer:
    await call.service.loop.change(lambda tx: node_scheduling.enable(tx, find(call)[1]))
    return accepted(call, 200)


async def get_node_remote_login_settings(call: Call) -> Answer:
    """Answer with the node's example address: nobody listens there."""
    _, node = find(call)
    body = {"remoteLoginIPAddress": node.ip_address, "remoteLoginPort": REMOTE_LOGIN_PORT}
    metadata = context(call, "remoteloginsettings/@Element")
    return Answer(content=orjson.dumps({"odata.metadata": metadata, **body}))


async def list_node_extensions(call: Call) -> Answer:
    """Answer for a node without extensions: pools that have any are refused."""
    find(call)
    return page(call, "extensions", [], None)


async def get_node_extension(call: Call) -> Answer:
    find(call)
    raise errors.not_found("Resource")


def find(call: Call) -> tuple[Pool, Node]:
    """Return the node of the call, and its pool. Raises BatchError PoolNotFound, NodeNotFound."""
    pool = pools.find(call)
    return pool, Node.require(call.service.connection, pool.key, call["node_id"])


def view(node: Node, pool: Pool, base_url: str) -> dict[str, Any]:
    """Return the node as clients read it."""
    body = pool.body()
    result: dict[str, Any] = {
        "id": node.id,
        "url": f"{base_url}/pools/{pool.id}/nodes/{node.id}",
        "state": node.state,
        "schedulingState": "disabled" if node.unscheduled else "enabled",
        "stateTransitionTime": times.iso(node.state_time),
        "allocationTime": times.iso(node.allocated),
        "ipAddress": node.ip_address,
        "affinityId": f"TVM:{node.id}",
        "vmSize": body["vmSize"],
        "isDedicated": node.dedicated,
        "totalTasksRun": node.tasks_run,
        "totalTasksSucceeded": node.tasks_succeeded,
        "runningTasksCount": node.running_tasks,
        "runningTaskSlotsCount": node.running_slots,
    }
    if machine := body.get("virtualMachineConfiguration"):
        result["virtualMachineInfo"] = {"imageReference": machine["imageReference"]}
        result["endpointConfiguration"] = {"inboundEndpoints": [_remote_login(node, machine)]}
    if node.booted is not None:
        booted = times.iso(node.booted)
        result |= {"lastBootTime": booted, "nodeAgentInfo": {"version": AGENT_VERSION, "lastUpdateTime": booted}}
        result["certificateReferences"] = body.get("certificateReferences", [])
    if node.start_task is not None:
        result["startTask"] = orjson.loads(node.start_task)
    if node.start_task_info is not None:
        result["startTaskInfo"] = orjson.loads(node.start_task_info)
    if node.errors is not None:
        result["errors"] = orjson.loads(node.errors)
    return result


def _remote_login(node: Node, machine: dict[str, Any]) -> dict[str, Any]:
    """Return the endpoint of the node's example address.

    Source: answers recorded in the tests of azure-batch-cli-extensions, 2022-01-01.15.0; the name is SSHRule.0 for
    Windows, too.
    """
    return {
        "name": "SSHRule.0",
        "protocol": "tcp",
        "publicIPAddress": node.ip_address,
        "publicFQDN": f"{node.id}.{NOWHERE}",
        "frontendPort": REMOTE_LOGIN_PORT,
        "backendPort": RDP_PORT if images.is_windows(machine) else SSH_PORT,
    }
