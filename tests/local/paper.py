"""A pool in a database without a service around it: its scheduler's functions are called with a clock of the test's."""

import sqlite3
from pathlib import Path

from shoal.local import accounts, times
from shoal.local.api import definitions
from shoal.local.scheduler import nodes, pools
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.database import open_database

NOON = 1_700_000_000 * times.SECOND


class PoolOnPaper:
    def __init__(self, directory: Path, formula: str, interval: str) -> None:
        self.connection = open_database(directory / "state.db")
        accounts.ensure_default(self.connection)
        body = {"id": "p", "vmSize": "x", "enableAutoScale": True, "autoScaleFormula": formula}
        definition = definitions.pool({**body, "autoScaleEvaluationInterval": interval, "taskSlotsPerNode": 4})
        self.key = pools.add(self.at(0), accounts.DEFAULT_ACCOUNT, definition)

    def at(self, seconds: float) -> Transaction:
        """A moment, so long after the pool was made."""
        return Transaction(connection=self.connection, now=NOON + round(seconds * times.SECOND))

    @property
    def row(self) -> sqlite3.Row:
        return pools.by_key(self.at(0), self.key)

    def size(self, tx: Transaction, *, spot: int, dedicated: int = 0) -> None:
        """So many nodes, all of them at work."""
        pools.retarget(tx, self.key, dedicated=dedicated, low_priority=spot, deallocation_option="requeue")
        for node in tx.all("SELECT id, boots FROM nodes WHERE state = 'creating'"):
            nodes.on_state(tx, node["id"], node["boots"], "idle")
