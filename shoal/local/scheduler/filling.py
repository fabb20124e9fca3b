"""Waiting tasks meet free slots: what is placed is recorded first and started after."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from shoal.local.scheduler.assignments import assignment
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.placement import Room, Waiting, placements


def fill_pool(tx: Transaction, pool_key: int) -> None:
    """Place waiting tasks on the free slots of a pool, jobs of higher priority first, then older ones."""
    pool = tx.one("SELECT * FROM pools WHERE key = ? AND state = 'active'", pool_key)
    if pool is None:
        return
    rooms = _rooms(tx, pool)
    for job in tx.all(
        "SELECT * FROM jobs WHERE account = ? AND pool_id = ? AND state = 'active' ORDER BY priority DESC, key",
        pool["account"],
        pool["id"],
    ):
        if not rooms:
            return
        free = sum(room.free for room in rooms)
        waiting = tx.connection.execute(
            "SELECT key, slots FROM tasks"
            " WHERE job = ? AND state = 'active' AND blockers = 0 AND slots <= ? ORDER BY key LIMIT ?",
            (job["key"], pool["slots_per_node"], free),
        )
        placed = placements(rooms, [Waiting(*row) for row in waiting], pool["fill"])
        _start(tx, job, placed)


def _rooms(tx: Transaction, pool: sqlite3.Row) -> list[Room]:
    rows = tx.connection.execute(
        "SELECT nodes.id, ? - ifnull(sum(allocations.slots), 0) FROM nodes"
        " LEFT JOIN allocations ON allocations.node = nodes.id"
        " WHERE nodes.pool = ? AND nodes.state IN ('idle', 'running') AND NOT nodes.draining GROUP BY nodes.id",
        (pool["slots_per_node"], pool["key"]),
    )
    return [Room(node, free) for node, free in rows if free > 0]


def _start(tx: Transaction, job: sqlite3.Row, placed: Sequence[tuple[int, str]]) -> None:
    by_node: dict[str, list[dict[str, Any]]] = {}
    job_definition = orjson.loads(job["definition"]) if placed else {}
    for key, node in placed:
        task = tx.one(
            "UPDATE tasks SET previous_state = state, previous_state_time = state_time, state = 'running',"
            " state_time = ?1, started = ?1, node = ?2, attempt = attempt + 1"
            " WHERE key = ?3 AND state = 'active' RETURNING *",
            tx.now,
            node,
            key,
        )
        if task is None:
            raise AssertionError(f"task {key} was placed while it was not active")
        tx.run("INSERT INTO allocations VALUES (?, ?, ?, ?)", key, task["attempt"], node, task["slots"])
        by_node.setdefault(node, []).append(assignment(tx, job, job_definition, task))
    for node, assignments in by_node.items():
        tx.run("UPDATE nodes SET state = 'running', state_time = ? WHERE id = ? AND state = 'idle'", tx.now, node)
        tx.tell(node, {"run": assignments})
