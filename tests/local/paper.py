"""A pool in a database without a service around it: its scheduler's functions are called with a clock of the test's."""

from pathlib import Path

from shoal.local import accounts, times
from shoal.local.api import definitions
from shoal.local.scheduler import node_lifecycle, pool_lifecycle
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.database import open_database
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool
from shoal.local.store.states import NodeDeallocationOption, NodeState

NOON = 1_700_000_000 * times.SECOND


class PoolOnPaper:
    def __init__(self, directory: Path, formula: str, interval: str) -> None:
        self.connection = open_database(directory / "state.db")
        accounts.ensure_default(self.connection)
        body = {"id": "p", "vmSize": "x", "enableAutoScale": True, "autoScaleFormula": formula}
        definition = definitions.pool(
            {**body, "autoScaleEvaluationInterval": interval, "taskSlotsPerNode": 4}, version="2025-06-01"
        )
        self.key = pool_lifecycle.add(self.at(0), accounts.DEFAULT_ACCOUNT, definition)

    def at(self, seconds: float) -> Transaction:
        """Return a transaction at a moment so long after the pool was made."""
        return Transaction(connection=self.connection, now=NOON + round(seconds * times.SECOND))

    @property
    def record(self) -> Pool:
        return Pool.get(self.connection, self.key)

    def job(self, tx: Transaction, state: str) -> int:
        """Add a job of that state without tasks, and return its key."""
        sql = (
            "INSERT INTO jobs (account, id, definition, pool_id, priority, max_retries, on_all_tasks_complete, state,"
            " state_time, created, last_modified) VALUES (?1, 'j', x'7b7d', ?2, 0, 0, 'noaction', ?3, ?4, ?4, ?4)"
        )
        tx.connection.execute(sql, (self.record.account, self.record.id, state, tx.now))
        return int(tx.connection.execute("SELECT max(key) FROM jobs").fetchone()[0])

    def size(self, tx: Transaction, *, spot: int, dedicated: int = 0) -> None:
        """Give the pool so many nodes, all of them at work."""
        option = NodeDeallocationOption.REQUEUE
        pool_lifecycle.retarget(tx, self.key, dedicated=dedicated, low_priority=spot, deallocation_option=option)
        for node in tx.all(Node.from_row, "SELECT * FROM busy_nodes WHERE state = 'creating'"):
            node_lifecycle.on_state(tx, node.id, node.boots, NodeState.IDLE)
