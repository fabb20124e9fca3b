"""A pool's life: added, resized towards its targets, deleted."""

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.scheduler import nodes
from shoal.local.scheduler.filling import fill_pool
from shoal.local.scheduler.loop import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A pool as it was asked for, with Batch's defaults filled in."""

    id: str
    body: dict[str, Any]
    identities: tuple[str, ...] = ()
    """ARM ids of the user-assigned identities that its nodes may act as."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "definition": orjson.dumps(self.body),
            "identities": orjson.dumps(self.identities).decode(),
            "tags": orjson.dumps(self.tags).decode(),
            "slots_per_node": self.body["taskSlotsPerNode"],
            "fill": self.body["taskSchedulingPolicy"]["nodeFillType"],
            "target_dedicated": self.body["targetDedicatedNodes"],
            "target_low_priority": self.body["targetLowPriorityNodes"],
            "formula": self.body.get("autoScaleFormula") if self.body["enableAutoScale"] else None,
            "evaluation_interval": times.duration(self.body["autoScaleEvaluationInterval"]),
        }


def add(tx: Transaction, account: str, definition: Definition) -> int:
    try:
        cursor = tx.connection.execute(
            "INSERT INTO pools (account, id, definition, identities, tags, slots_per_node, fill, target_dedicated,"
            " target_low_priority, formula, evaluation_interval, next_evaluation, allocation_state, allocation_time,"
            " state_time, created, last_modified)"
            " VALUES (:account, :id, :definition, :identities, :tags, :slots_per_node, :fill, :target_dedicated,"
            " :target_low_priority, :formula, :evaluation_interval, iif(:formula IS NULL, NULL, :now), 'resizing',"
            " :now, :now, :now, :now)",
            {**definition.columns, "account": account, "id": definition.id, "now": tx.now},
        )
    except sqlite3.IntegrityError:
        raise errors.already_exists("Pool") from None
    key = cursor.lastrowid or 0
    converge(tx, key)
    return key


def redefine(tx: Transaction, pool: sqlite3.Row, definition: Definition, *, deallocation_option: str) -> None:
    """Replace the definition, scaling included; nodes that exist keep what they were started with."""
    require_active(pool)
    columns = definition.columns
    tx.connection.execute(
        "UPDATE pools SET definition = :definition, identities = :identities, tags = :tags,"
        " slots_per_node = :slots_per_node, fill = :fill, last_modified = :now WHERE key = :key",
        {**columns, "key": pool["key"], "now": tx.now},
    )
    scale_by(tx, pool, formula=columns["formula"], interval=columns["evaluation_interval"])
    wanted = (columns["target_dedicated"], columns["target_low_priority"])
    if columns["formula"] is None and wanted != (pool["target_dedicated"], pool["target_low_priority"]):
        retarget(tx, pool["key"], dedicated=wanted[0], low_priority=wanted[1], deallocation_option=deallocation_option)
    else:
        settle(tx, pool["key"])


def scale_by(tx: Transaction, pool: sqlite3.Row, *, formula: str | None, interval: int) -> None:
    """Let the pool follow a formula, or none. The targets stay as they are until the next evaluation, which is due at
    once where the formula or the interval is another one than before.

    Source: REST reference, Enable Pool AutoScale: another interval starts another schedule.
    """
    if (formula, interval) == (pool["formula"], pool["evaluation_interval"]):
        return
    tx.run(
        "UPDATE pools SET formula = ?1, evaluation_interval = ?2, next_evaluation = iif(?1 IS NULL, NULL, ?3),"
        " auto_scale_run = iif(?1 IS NULL, NULL, auto_scale_run) WHERE key = ?4",
        formula,
        interval,
        tx.now,
        pool["key"],
    )


def resize(tx: Transaction, pool: sqlite3.Row, *, dedicated: int, low_priority: int, deallocation_option: str) -> None:
    require_active(pool)
    if pool["formula"] is not None:
        raise errors.conflict("OperationNotValidOnPool", "The pool scales automatically; it cannot be resized by hand.")
    if pool["allocation_state"] != "steady":
        raise errors.conflict("PoolBeingResized", "The specified pool is being resized.")
    retarget(tx, pool["key"], dedicated=dedicated, low_priority=low_priority, deallocation_option=deallocation_option)


def retarget(tx: Transaction, key: int, *, dedicated: int, low_priority: int, deallocation_option: str) -> None:
    tx.run(
        "UPDATE pools SET target_dedicated = ?, target_low_priority = ?, deallocation_option = ?,"
        " allocation_state = 'resizing', allocation_time = ? WHERE key = ?",
        dedicated,
        low_priority,
        deallocation_option,
        tx.now,
        key,
    )
    converge(tx, key)


def begin_delete(tx: Transaction, pool: sqlite3.Row) -> None:
    """Nodes go, what ran on them waits again, and jobs that name the pool stay."""
    require_active(pool)
    tx.run("UPDATE pools SET state = 'deleting', state_time = ? WHERE key = ?", tx.now, pool["key"])
    for node in tx.all("SELECT * FROM nodes WHERE pool = ? AND state != 'leavingpool'", pool["key"]):
        nodes.release(tx, node, "requeue")
    settle(tx, pool["key"])


def converge(tx: Transaction, key: int) -> None:
    """Start or release nodes until their number will be the target, dedicated and Spot each for itself."""
    pool = by_key(tx, key)
    for dedicated, target in ((1, pool["target_dedicated"]), (0, pool["target_low_priority"])):
        staying = tx.all(
            "SELECT nodes.*, count(allocations.task) AS busy FROM nodes"
            " LEFT JOIN allocations ON allocations.node = nodes.id"
            " WHERE pool = ? AND dedicated = ? AND state != 'leavingpool' AND NOT draining"
            " GROUP BY nodes.key ORDER BY state IN ('idle', 'running'), busy, nodes.key DESC",
            key,
            dedicated,
        )
        missing = target - len(staying)
        missing -= nodes.keep_draining(tx, key, dedicated=dedicated, most=missing) if missing > 0 else 0
        for _ in range(missing):
            nodes.add(tx, pool, node_id=_node_id(dedicated), dedicated=bool(dedicated))
        for node in staying[: max(0, len(staying) - target)]:
            nodes.release(tx, node, pool["deallocation_option"])
    settle(tx, key)


def _node_id(dedicated: int) -> str:
    return f"tvmps_{secrets.token_hex(32)}_{'d' if dedicated else 'p'}"


def settle(tx: Transaction, key: int) -> None:
    """After nodes or tasks of the pool have changed: fill free slots, and let states follow."""
    fill_pool(tx, key)
    tx.run(
        "UPDATE nodes SET state = 'idle', state_time = ? WHERE pool = ? AND state = 'running'"
        " AND id NOT IN (SELECT node FROM allocations)",
        tx.now,
        key,
    )
    for node in tx.all(
        "SELECT * FROM nodes WHERE pool = ? AND draining AND state != 'leavingpool'"
        " AND id NOT IN (SELECT node FROM allocations)",
        key,
    ):
        nodes.release(tx, node, "requeue")
    _become_steady(tx, key)


def _become_steady(tx: Transaction, key: int) -> None:
    moving = tx.one("SELECT 1 FROM nodes WHERE pool = ? AND (state IN ('creating', 'leavingpool') OR draining)", key)
    if moving is not None:
        return
    tx.run(
        "UPDATE pools SET allocation_state = 'steady', allocation_time = ?"
        " WHERE key = ? AND allocation_state != 'steady'",
        tx.now,
        key,
    )
    tx.run(
        "DELETE FROM pools WHERE key = ?1 AND state = 'deleting' AND NOT EXISTS (SELECT 1 FROM nodes WHERE pool = ?1)",
        key,
    )


def by_key(tx: Transaction, key: int) -> sqlite3.Row:
    pool = tx.one("SELECT * FROM pools WHERE key = ?", key)
    if pool is None:
        raise errors.not_found("Pool")
    return pool


def by_id(tx: Transaction, account: str, pool_id: str) -> sqlite3.Row:
    pool = tx.one("SELECT * FROM pools WHERE account = ? AND id = ?", account, pool_id)
    if pool is None:
        raise errors.not_found("Pool")
    return pool


def require_active(pool: sqlite3.Row) -> None:
    if pool["state"] == "deleting":
        raise errors.conflict("PoolBeingDeleted", "The specified pool has been marked for deletion.")
