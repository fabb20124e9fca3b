"""Users of nodes. Only their names are kept: no user of this machine is created, and no password is stored."""

import sqlite3
from collections.abc import Callable

from shoal.local import errors
from shoal.local.api import nodes
from shoal.local.api.calls import Answer, Call, accepted
from shoal.local.api.shapes import DATA_PLANE
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.states import NodeState

WITH_USERS = (NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE)
"""Source: REST reference, Nodes - Create User: while idle or running. An offline node is idle by request."""
LONGEST_NAME = 20


async def create_node_user(call: Call) -> Answer:
    body = call.body()
    DATA_PLANE.normalize("BatchNodeUserCreateOptions", body, call.version)
    name = body["name"]
    if not 1 <= len(name) <= LONGEST_NAME:
        raise errors.invalid_property("name", name, f"1 to {LONGEST_NAME} characters are expected")

    def create(tx: Transaction, node: Node) -> None:
        try:
            tx.run("INSERT INTO node_users VALUES (?, ?)", node.key, name)
        except sqlite3.IntegrityError:
            raise errors.already_exists("NodeUser") from None

    await _change(call, create)
    return accepted(call, 201, path=f"{call.path}/{name}")


async def replace_node_user(call: Call) -> Answer:
    DATA_PLANE.normalize("BatchNodeUserReplaceOptions", call.body(), call.version)

    def replace(tx: Transaction, node: Node) -> None:
        if not tx.exists("SELECT 1 FROM node_users WHERE node = ? AND name = ?", node.key, call["user_name"]):
            raise errors.not_found("NodeUser")

    await _change(call, replace)
    return accepted(call, 200)


async def delete_node_user(call: Call) -> Answer:
    def delete(tx: Transaction, node: Node) -> None:
        if not tx.run("DELETE FROM node_users WHERE node = ? AND name = ?", node.key, call["user_name"]):
            raise errors.not_found("NodeUser")

    await _change(call, delete)
    return accepted(call, 200)


async def _change(call: Call, change: Callable[[Transaction, Node], None]) -> None:
    """Change the users of the call's node. Raises BatchError where it is not at work."""

    def apply(tx: Transaction) -> None:
        _, node = nodes.find(call)
        if node.state not in WITH_USERS:
            reason = f"The specified node is {node.state}; its users change only while it is idle or running."
            raise errors.conflict("OperationNotValidOnNode", reason)
        change(tx, node)

    await call.service.loop.change(apply)
