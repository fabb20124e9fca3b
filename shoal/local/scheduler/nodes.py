"""A node's life: created, started, set up by its start task, at work, lost and restarted, released."""

import sqlite3
from typing import Any

import orjson

from shoal.local import chaos, times
from shoal.local.scheduler import tasks
from shoal.local.scheduler.assignments import package
from shoal.local.scheduler.loop import Transaction

SHORT_LIFE = 5 * times.SECOND
MOST_SHORT_LIVES = 3
"""An agent that ends this often, each time within SHORT_LIFE of its start, is not started again."""


def add(tx: Transaction, pool: sqlite3.Row, *, node_id: str, dedicated: bool) -> None:
    cursor = tx.connection.execute(
        "INSERT INTO nodes (pool, id, dedicated, ip_address, state, state_time, allocated, boot_due)"
        " VALUES (?, ?, ?, '', 'creating', ?, ?, ?)",
        (pool["key"], node_id, dedicated, tx.now, tx.now, tx.now + chaos.boot_time(tx.connection)),
    )
    key = cursor.lastrowid or 0
    tx.run("UPDATE nodes SET ip_address = ? WHERE key = ?", f"10.0.{key // 250}.{4 + key % 250}", key)
    boot_due(tx)


def boot_due(tx: Transaction) -> None:
    """Start the agents of the nodes whose machines are there by now."""
    for node in tx.all("SELECT id FROM nodes WHERE boot_due <= ?", tx.now):
        tx.run("UPDATE nodes SET boot_due = NULL, state = 'creating', state_time = ? WHERE id = ?", tx.now, node["id"])
        boot(tx, node["id"])


def boot(tx: Transaction, node_id: str) -> None:
    """Start the node's agent; reports of an earlier agent of it are stale from now on."""
    row = tx.one(
        "UPDATE nodes SET boots = boots + 1, booted = NULL, start_task_info = NULL WHERE id = ? RETURNING boots",
        node_id,
    )
    if row is None:
        raise AssertionError(f"node {node_id} is booted but does not exist")
    boots, setup = row["boots"], setup_of(tx, node_id)
    tx.then(lambda agents: agents.start(node_id, boots, setup))


def setup_of(tx: Transaction, node_id: str) -> dict[str, Any]:
    """What the agent is told at its start: who it is, and what to do before the first task."""
    row = tx.one(
        "SELECT nodes.*, pools.id AS pool_id, pools.account, pools.definition, pools.identities,"
        " accounts.storage_account FROM nodes JOIN pools ON pools.key = nodes.pool"
        " JOIN accounts ON accounts.name = pools.account WHERE nodes.id = ?",
        node_id,
    )
    if row is None:
        raise AssertionError(f"node {node_id} is set up but does not exist")
    definition = orjson.loads(row["definition"])
    return {
        "node": node_id,
        "account": row["account"],
        "pool": row["pool_id"],
        "dedicated": bool(row["dedicated"]),
        "ip_address": row["ip_address"],
        "identities": orjson.loads(row["identities"]),
        "auto_storage": row["storage_account"],
        "start_task": definition.get("startTask"),
        "packages": [
            package(tx, row["account"], reference) for reference in definition.get("applicationPackageReferences", ())
        ],
    }


def release(tx: Transaction, node: sqlite3.Row, deallocation_option: str) -> None:
    """Let a node leave the pool: at once, or (`taskcompletion`, `retaineddata`) when its tasks have ended."""
    busy = tx.all(
        "SELECT tasks.* FROM allocations JOIN tasks ON tasks.key = allocations.task"
        " AND tasks.attempt = allocations.attempt AND tasks.state = 'running' WHERE allocations.node = ?",
        node["id"],
    )
    if busy and deallocation_option in ("taskcompletion", "retaineddata"):
        tx.run("UPDATE nodes SET draining = 1 WHERE key = ?", node["key"])
        return
    if deallocation_option == "terminate":
        for task in busy:
            tasks.end(tx, task, "The task was ended because its node was removed from the pool")
    tasks.requeue_from(tx, node["id"])
    tx.pools_to_fill.add(node["pool"])
    if node["boots"] == 0 or node["state"] == "preempted":
        # No agent is there that could report its end.
        tx.run("DELETE FROM nodes WHERE key = ?", node["key"])
    else:
        tx.run("UPDATE nodes SET state = 'leavingpool', state_time = ? WHERE key = ?", tx.now, node["key"])
    node_id: str = node["id"]
    tx.then(lambda agents: agents.stop(node_id))


def keep_draining(tx: Transaction, pool: int, *, dedicated: int, most: int) -> int:
    """Of the nodes that wait for their last tasks before they leave, keep so many after all; how many were kept."""
    return tx.run(
        "UPDATE nodes SET draining = 0 WHERE key IN (SELECT key FROM nodes"
        " WHERE pool = ? AND dedicated = ? AND draining AND state != 'leavingpool' LIMIT ?)",
        pool,
        dedicated,
        most,
    )


def preempt(tx: Transaction, node: sqlite3.Row) -> None:
    """Azure takes a Spot machine away: its tasks wait again, its data is lost, and it comes back with the same id.

    Source: "Use Spot VMs with Batch": the node stays in the pool as `preempted`, and the pool tries to restore it.
    """
    tasks.requeue_from(tx, node["id"])
    tx.run("UPDATE nodes SET state = 'preempted', state_time = ? WHERE key = ?", tx.now, node["key"])
    tx.pools_to_fill.add(node["pool"])
    node_id: str = node["id"]
    tx.then(lambda agents: agents.stop(node_id))


def on_state(
    tx: Transaction,
    node_id: str,
    boots: int,
    state: str,
    *,
    start_task_info: dict[str, Any] | None = None,
    node_errors: list[dict[str, Any]] | None = None,
) -> None:
    """The agent says how far the node is."""
    node = _current(tx, node_id, boots)
    if node is None:
        return
    tx.run(
        "UPDATE nodes SET state = ?1, state_time = ?2, booted = iif(?1 = 'starting', ?2, booted),"
        " start_task_info = ifnull(?3, start_task_info), errors = ?4 WHERE key = ?5",
        state,
        tx.now,
        None if start_task_info is None else orjson.dumps(start_task_info),
        None if node_errors is None else orjson.dumps(node_errors),
        node["key"],
    )
    tx.pools_to_fill.add(node["pool"])


def on_start_task(tx: Transaction, node_id: str, boots: int, start_task_info: dict[str, Any]) -> None:
    """The start task's progress where the node's state does not depend on it."""
    if (node := _current(tx, node_id, boots)) is not None:
        tx.run("UPDATE nodes SET start_task_info = ? WHERE key = ?", orjson.dumps(start_task_info), node["key"])


def on_gone(tx: Transaction, node_id: str, boots: int) -> None:
    """The agent's process is gone: as asked, or else the node has failed and is started again."""
    node = tx.one("SELECT * FROM nodes WHERE id = ? AND boots = ?", node_id, boots)
    if node is None:
        return
    tx.pools_to_fill.add(node["pool"])
    if node["state"] == "leavingpool":
        tx.run("DELETE FROM nodes WHERE key = ?", node["key"])
        return
    if node["state"] == "preempted":
        # Counted from here: two agents of one node would be in each other's way.
        tx.run("UPDATE nodes SET boot_due = ? WHERE key = ?", tx.now + chaos.absence(tx.connection), node["key"])
        return
    tasks.requeue_from(tx, node_id)
    lived = tx.now - (node["booted"] or node["state_time"])
    if lived < SHORT_LIFE and boots >= MOST_SHORT_LIVES:
        message = f"The node's agent ended {boots} times, the last time {lived / times.SECOND:.1f} s after its start."
        fault = [{"code": "NodeAgentFailed", "message": message, "errorDetails": []}]
        tx.run(
            "UPDATE nodes SET state = 'unusable', state_time = ?, boots = 0, errors = ? WHERE key = ?",
            tx.now,
            orjson.dumps(fault),
            node["key"],
        )
        return
    reboot(tx, node_id)


def reboot(tx: Transaction, node_id: str) -> None:
    tx.run("UPDATE nodes SET state = 'rebooting', state_time = ? WHERE id = ?", tx.now, node_id)
    boot(tx, node_id)


def recover(tx: Transaction) -> None:
    """The service starts on the state of an earlier one, which may have ended at any moment: no agent is alive."""
    tx.run("DELETE FROM nodes WHERE state = 'leavingpool'")
    for node in tx.all("SELECT id, pool FROM nodes"):
        tasks.requeue_from(tx, node["id"])
        tx.run("UPDATE nodes SET boots = 0, boot_due = NULL WHERE id = ?", node["id"])
        reboot(tx, node["id"])
    tx.pools_to_fill.update(row["key"] for row in tx.all("SELECT key FROM pools"))


def _current(tx: Transaction, node_id: str, boots: int) -> sqlite3.Row | None:
    return tx.one(
        "SELECT * FROM nodes WHERE id = ? AND boots = ? AND state NOT IN ('leavingpool', 'preempted')", node_id, boots
    )
