"""Records from when to when nodes have machines; the usage of pools is summed from it."""

from shoal.local import times
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool

KEPT = 90 * times.DAY
"""Time for which the machines of deleted pools are remembered. Azure documents no number."""


def begin(tx: Transaction, pool: Pool, node: Node) -> None:
    """Note that a node has a machine from now on, unless it has one already."""
    tx.run(
        "INSERT OR IGNORE INTO node_usage VALUES (?, ?, ?, ?, ?, ?, NULL)",
        node.id,
        pool.account,
        pool.id,
        pool.body()["vmSize"],
        node.dedicated,
        tx.now,
    )


def end(tx: Transaction, node: str) -> None:
    """Note that a node's machine is gone, and forget what is old."""
    tx.run("UPDATE node_usage SET ended = ? WHERE node = ? AND ended IS NULL", tx.now, node)
    tx.run(
        "DELETE FROM node_usage WHERE account IN (SELECT name FROM accounts) AND ended < ?"
        " AND (account, pool_id) NOT IN (SELECT account, id FROM pools)",
        tx.now - KEPT,
    )
