"""A pool's life: added, resized towards its targets, deleted."""

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from shoal.autoscale.simulation import resizing
from shoal.autoscale.simulation.simulated_names import METADATA, NODE_PREFIX
from shoal.azure.limits import SHORTEST_RESIZE_TIMEOUT
from shoal.local import errors, times
from shoal.local.scheduler import node_lifecycle, node_restarts, quotas
from shoal.local.scheduler.filling import FillingPool, fill_pool
from shoal.local.scheduler.loop import Transaction
from shoal.local.simulation import pool_clock
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer, required
from shoal.local.store.states import AllocationState, NodeDeallocationOption, NodeState, PoolState

TIMED_OUT, STOPPED = "AllocationTimedout", "ResizeStopped"
"""Codes of resize errors. Source: Learn, "Azure Batch pool resizing failure"."""
USUAL_TIMEOUT = "PT15M"
"""Time for a resize that names none, and for those of formulas. Source: REST reference, Pools - Resize."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDefinition:
    """A pool as it was requested, with Batch's defaults filled in."""

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
            "fill": self.body["taskSchedulingPolicy"]["nodeFillType"].lower(),
            "target_dedicated": self.body["targetDedicatedNodes"],
            "target_low_priority": self.body["targetLowPriorityNodes"],
            "formula": self.body.get("autoScaleFormula") if self.body["enableAutoScale"] else None,
            "evaluation_interval": times.duration(self.body.get("autoScaleEvaluationInterval", "PT15M")),
        }


def add(tx: Transaction, account: str, definition: PoolDefinition) -> int:
    quotas.require_room_for_pool(tx, account)
    try:
        cursor = tx.connection.execute(
            "INSERT INTO pools (account, id, definition, identities, tags, slots_per_node, fill, target_dedicated,"
            " target_low_priority, formula, evaluation_interval, next_evaluation, allocation_state, allocation_time,"
            " state_time, created, last_modified)"
            # A pool with a formula is due for its first evaluation at once.
            " VALUES (:account, :id, :definition, :identities, :tags, :slots_per_node, :fill, :target_dedicated,"
            " :target_low_priority, :formula, :evaluation_interval, iif(:formula IS NULL, NULL, :now), :resizing,"
            " :now, :now, :now, :now)",
            {
                **definition.columns,
                "account": account,
                "id": definition.id,
                "resizing": AllocationState.RESIZING,
                "now": tx.now,
            },
        )
    except sqlite3.IntegrityError:
        raise errors.already_exists("Pool") from None
    key = cursor.lastrowid or 0
    converge(tx, key)
    return key


def redefine(
    tx: Transaction, pool: Pool, definition: PoolDefinition, *, deallocation_option: NodeDeallocationOption
) -> None:
    """Replace the definition, scaling included; nodes that exist keep what they were started with."""
    require_active(pool)
    _require_same_machines(pool, definition)
    columns = definition.columns
    tx.connection.execute(
        "UPDATE pools SET definition = :definition, identities = :identities, tags = :tags,"
        " slots_per_node = :slots_per_node, fill = :fill, last_modified = :now WHERE key = :key",
        {**columns, "key": pool.key, "now": tx.now},
    )
    scale_by(tx, pool, formula=columns["formula"], interval=columns["evaluation_interval"])
    # With a formula the targets are set by its evaluations alone.
    targets = (columns["target_dedicated"], columns["target_low_priority"])
    if columns["formula"] is None and targets != (pool.target_dedicated, pool.target_low_priority):
        retarget(tx, pool.key, dedicated=targets[0], low_priority=targets[1], deallocation_option=deallocation_option)
    else:
        settle(tx, pool.key)


def update(tx: Transaction, pool: Pool, definition: PoolDefinition) -> None:
    """Replace the definition but for the size; nodes that exist keep what they were started with."""
    require_active(pool)
    _require_same_machines(pool, definition)
    tx.connection.execute(
        "UPDATE pools SET definition = :definition, slots_per_node = :slots_per_node, fill = :fill,"
        " last_modified = :now WHERE key = :key",
        {**definition.columns, "key": pool.key, "now": tx.now},
    )
    settle(tx, pool.key)


def stop_resize(tx: Transaction, pool: Pool) -> None:
    """Give up the machines that have not come, and keep the nodes that wait for their tasks; the targets stay.

    Source: REST reference, Pools - Stop Resize.
    """
    require_active(pool)
    if pool.allocation_state is AllocationState.STEADY:
        return
    tx.run(
        "UPDATE pools SET allocation_state = ?, allocation_time = ? WHERE key = ?",
        AllocationState.STOPPING,
        tx.now,
        pool.key,
    )
    tx.run("UPDATE nodes SET draining = 0 WHERE pool = ? AND state != ?", pool.key, NodeState.LEAVING_POOL)
    sql = "DELETE FROM nodes WHERE pool = ? AND state = ? AND boot_due > ?"
    tx.run(sql, pool.key, NodeState.CREATING, tx.now)
    _fall_short(tx, pool.key, STOPPED, "The resize of the pool was stopped by request")
    settle(tx, pool.key)


def scale_by(tx: Transaction, pool: Pool, *, formula: str | None, interval: int) -> None:
    """Let the pool follow a formula, or none. The targets stay as they are until the next evaluation, which is due at
    once where the formula or the interval is another one than before.

    Source: REST reference, Enable Pool AutoScale: another interval starts another schedule.
    """
    if (formula, interval) == (pool.formula, pool.evaluation_interval):
        return
    tx.run(
        "UPDATE pools SET formula = ?1, evaluation_interval = ?2, next_evaluation = iif(?1 IS NULL, NULL, ?3),"
        " auto_scale_run = iif(?1 IS NULL, NULL, auto_scale_run) WHERE key = ?4",
        formula,
        interval,
        tx.now,
        pool.key,
    )


def resize(
    tx: Transaction,
    pool: Pool,
    *,
    dedicated: int,
    low_priority: int,
    deallocation_option: NodeDeallocationOption,
    timeout: str,
) -> None:
    require_active(pool)
    if pool.formula is not None:
        raise errors.conflict("OperationNotValidOnPool", "The pool scales automatically; it cannot be resized by hand.")
    if pool.allocation_state is not AllocationState.STEADY:
        raise errors.conflict("PoolBeingResized", "The specified pool is being resized.")
    keep_timeout(tx, pool, timeout)
    retarget(tx, pool.key, dedicated=dedicated, low_priority=low_priority, deallocation_option=deallocation_option)


def remove_nodes(
    tx: Transaction,
    pool: Pool,
    node_ids: Sequence[str],
    *,
    deallocation_option: NodeDeallocationOption,
    timeout: str,
) -> None:
    """Let these nodes leave the pool, and lower its targets by their numbers. Raises BatchError.

    Source: REST reference, Pools - Remove Nodes. The effect on the targets is not documented. Where a formula sets
    them, its next evaluation does so again.
    """
    require_active(pool)
    if pool.allocation_state is not AllocationState.STEADY:
        raise errors.conflict("PoolBeingResized", "The specified pool is being resized.")
    leaving = {node.key: node for node in (Node.require(tx.connection, pool.key, name) for name in node_ids)}.values()
    dedicated = sum(node.dedicated for node in leaving)
    keep_timeout(tx, pool, timeout)
    tx.run("DELETE FROM resize_errors WHERE pool = ?", pool.key)
    tx.run(
        "UPDATE pools SET target_dedicated = max(0, target_dedicated - ?),"
        " target_low_priority = max(0, target_low_priority - ?), allocation_state = ?, allocation_time = ?"
        " WHERE key = ?",
        dedicated,
        len(leaving) - dedicated,
        AllocationState.RESIZING,
        tx.now,
        pool.key,
    )
    for node in leaving:
        node_lifecycle.release(tx, node, deallocation_option)
    settle(tx, pool.key)


def keep_timeout(tx: Transaction, pool: Pool, timeout: str) -> None:
    """Make it the pool's `resizeTimeout`, which is that of the latest resize. Source: REST reference, Pools - Get."""
    body = pool.body()
    if body["resizeTimeout"] != timeout:
        definition = orjson.dumps({**body, "resizeTimeout": timeout})
        tx.run("UPDATE pools SET definition = ? WHERE key = ?", definition, pool.key)


def retarget(
    tx: Transaction, key: int, *, dedicated: int, low_priority: int, deallocation_option: NodeDeallocationOption
) -> None:
    tx.run(
        "UPDATE pools SET target_dedicated = ?, target_low_priority = ?, deallocation_option = ?,"
        " allocation_state = ?, allocation_time = ? WHERE key = ?",
        dedicated,
        low_priority,
        deallocation_option,
        AllocationState.RESIZING,
        tx.now,
        key,
    )
    converge(tx, key)


def begin_delete(tx: Transaction, pool: Pool) -> None:
    """Release all nodes; their tasks wait again, and jobs that name the pool stay."""
    require_active(pool)
    tx.run("UPDATE pools SET state = ?, state_time = ? WHERE key = ?", PoolState.DELETING, tx.now, pool.key)
    sql = "SELECT * FROM busy_nodes WHERE pool = ? AND state != ?"
    for node in tx.all(Node.from_row, sql, pool.key, NodeState.LEAVING_POOL):
        node_lifecycle.release(tx, node, NodeDeallocationOption.REQUEUE)
    settle(tx, pool.key)


def converge(tx: Transaction, key: int) -> None:
    """Start or release nodes until their numbers will be the targets, as far as the account's quotas allow."""
    tx.run("DELETE FROM resize_errors WHERE pool = ?", key)
    pool = Pool.get(tx.connection, key)
    _converge(tx, pool, dedicated=True, target=pool.target_dedicated)
    _converge(tx, pool, dedicated=False, target=pool.target_low_priority)
    settle(tx, key)


def _converge(tx: Transaction, pool: Pool, *, dedicated: bool, target: int) -> None:
    """Call back, start or release nodes of one kind."""
    staying = tx.all(
        Node.from_row,
        "SELECT * FROM busy_nodes WHERE pool = ? AND dedicated = ? AND state != ? AND NOT draining ORDER BY key",
        pool.key,
        dedicated,
        NodeState.LEAVING_POOL,
    )
    decision = _decided(tx, pool, dedicated=dedicated, target=target, staying=len(staying))
    node_lifecycle.keep_draining(tx, pool.key, dedicated=dedicated, most=decision.keep)
    for _ in range(decision.add):
        node_lifecycle.add(tx, pool, node_id=_node_id(pool, dedicated=dedicated), dedicated=dedicated)
    for node in resizing.leaving(((node, _busyness(node)) for node in staying), decision.remove):
        node_lifecycle.release(tx, node, pool.deallocation_option)


def _decided(tx: Transaction, pool: Pool, *, dedicated: bool, target: int, staying: int) -> resizing.Resize:
    """Return what to do about the nodes. Missing nodes that the account may not have become a resize error."""
    if target <= staying:
        return resizing.resize(target=target, staying=staying, obtainable=None)
    sql = "SELECT count(*) FROM nodes WHERE pool = ? AND dedicated = ? AND draining AND state != ?"
    draining = tx.one(integer, sql, pool.key, dedicated, NodeState.LEAVING_POOL) or 0
    room = quotas.room_for_nodes(tx, pool, dedicated=dedicated)
    decision = resizing.resize(target=target, staying=staying, obtainable=staying + room.nodes, draining=draining)
    if staying + decision.keep + decision.add < target:
        _fall_short(tx, pool.key, room.code, room.message)
    return decision


def _busyness(node: Node) -> int:
    match node.state:
        case NodeState.IDLE | NodeState.RUNNING:
            return node.running_tasks or resizing.IDLE
        case NodeState.PREEMPTED:
            return resizing.PREEMPTED
        case _:
            return resizing.STARTING


def _fall_short(tx: Transaction, key: int, code: str, message: str) -> None:
    """Keep the reason why the pool stays below its targets."""
    tx.run("INSERT OR REPLACE INTO resize_errors VALUES (?, ?, ?)", key, code, message)


def time_out(tx: Transaction) -> None:
    """Give up the machines that did not come within the time for a resize; the targets stay.

    Source: REST reference, Pool - Add, resizeTimeout; 15 minutes also where a formula sets the targets.
    """
    sql = "SELECT key FROM pools WHERE allocation_state = ? AND allocation_time <= ?"
    shortest = tx.now - times.microseconds(SHORTEST_RESIZE_TIMEOUT)
    for key in tx.all(integer, sql, AllocationState.RESIZING, shortest):
        pool = Pool.get(tx.connection, key)
        if tx.now - pool.allocation_time >= times.duration(pool.body()["resizeTimeout"]):
            _give_up(tx, pool.key, dedicated=True)
            _give_up(tx, pool.key, dedicated=False)
            settle(tx, pool.key)


def _give_up(tx: Transaction, key: int, *, dedicated: bool) -> None:
    """Remove the nodes of one kind that still wait for a machine."""
    sql = "DELETE FROM nodes WHERE pool = ? AND dedicated = ? AND state = ? AND boot_due > ?"
    if tx.run(sql, key, dedicated, NodeState.CREATING, tx.now):
        kind = "dedicated" if dedicated else "low priority"
        message = f"Desired number of {kind} nodes could not be allocated as the resize timeout was reached"
        _fall_short(tx, key, TIMED_OUT, message)


def _node_id(pool: Pool, *, dedicated: bool) -> str:
    # Azure's form: `d` marks dedicated nodes, `p` Spot nodes.
    prefix = "tvmps_" if pool_clock.of_pool(pool) is None else NODE_PREFIX
    return f"{prefix}{secrets.token_hex(32)}_{'d' if dedicated else 'p'}"


class Movement(NamedTuple):
    """The numbers of a pool's nodes that are on their way, each None where the pool has no node at all."""

    draining: int | None
    """Wait for their last tasks before they leave."""
    restarting: int | None
    """Wait for their last tasks before their agents end."""
    moving: int | None
    """Are on their way in or out."""

    @classmethod
    def of(cls, tx: Transaction, key: int) -> Self:
        return required(tx.one(cls._make, MOVEMENT, key, *node_restarts.VERBS), "Pool")


# Not `starting` and the states after it: the machine is allocated, only its preparation goes on.
MOVEMENT = """
    SELECT sum(draining AND state != 'leavingpool'), sum(state IN (?2, ?3, ?4)),
        sum(draining OR state IN ('creating', 'leavingpool'))
    FROM nodes WHERE pool = ?1
"""


def settle(tx: Transaction, key: int) -> None:
    """After nodes or tasks of the pool have changed: fill free slots, and let states follow."""
    pool = FillingPool.find(tx, key)
    if pool is None:
        return
    if pool.state is PoolState.ACTIVE:
        fill_pool(tx, pool)
    # After the tasks are placed: a node that gets its next task at once never shows as idle in between.
    _follow_tasks(tx, key)
    movement = Movement.of(tx, key)
    if movement.draining:
        _release_drained(tx, key)
        movement = Movement.of(tx, key)
    if movement.restarting:
        node_restarts.proceed(tx, key)
    if not movement.moving:
        _become_steady(tx, pool)


def _follow_tasks(tx: Transaction, key: int) -> None:
    """Let the states of nodes follow what occupies their slots."""
    tx.run(
        "UPDATE nodes SET state_time = ?1, state = CASE WHEN state = ?3 THEN ?4"
        " WHEN key IN (SELECT node FROM unscheduled_nodes) THEN ?5 ELSE ?3 END"
        " WHERE pool = ?2 AND state IN (?3, ?4)"
        " AND (state = ?4) != EXISTS (SELECT 1 FROM allocations WHERE allocations.node = nodes.id)",
        tx.now,
        key,
        NodeState.IDLE,
        NodeState.RUNNING,
        NodeState.OFFLINE,
    )


def _release_drained(tx: Transaction, key: int) -> None:
    """Release the nodes whose last tasks have ended."""
    for node in tx.all(
        Node.from_row,
        "SELECT * FROM busy_nodes WHERE pool = ? AND draining AND state != ?"
        " AND id NOT IN (SELECT node FROM allocations)",
        key,
        NodeState.LEAVING_POOL,
    ):
        # Any option would do: no task is left that it could concern.
        node_lifecycle.release(tx, node, NodeDeallocationOption.REQUEUE)


def _become_steady(tx: Transaction, pool: FillingPool) -> None:
    """End the resizing, and the pool where it is being deleted: no node is on its way in or out."""
    if pool.allocation_state is not AllocationState.STEADY:
        tx.run(
            "UPDATE pools SET allocation_state = ?, allocation_time = ? WHERE key = ?",
            AllocationState.STEADY,
            tx.now,
            pool.key,
        )
    if pool.state is PoolState.DELETING:
        tx.run("DELETE FROM pools WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE pool = ?1)", pool.key)


def _require_same_machines(pool: Pool, definition: PoolDefinition) -> None:
    """Raise BatchError where a pool with nodes would become a simulated one, or a real one."""
    simulated, will_be = pool_clock.of_pool(pool) is not None, pool_clock.of_body(definition.body) is not None
    if simulated != will_be and pool.current_dedicated + pool.current_low_priority:
        reason = f"The metadata {METADATA} may be added or removed only while the pool has no nodes."
        raise errors.conflict("OperationNotValidOnPool", reason)


def require_active(pool: Pool) -> None:
    if pool.state is PoolState.DELETING:
        raise errors.conflict("PoolBeingDeleted", "The specified pool has been marked for deletion.")
