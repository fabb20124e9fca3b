"""The numbers of nodes of each pool, by kind and state."""

import sqlite3
from typing import Any, NamedTuple

from shoal.local.api import odata
from shoal.local.api.calls import Answer, Call, more_after, page
from shoal.local.api.odata import EQUAL, Column
from shoal.local.store.states import NodeState

COLUMNS = {"poolId": Column("id", "text", EQUAL)}
NAMES = {
    NodeState.LEAVING_POOL: "leavingPool",
    NodeState.START_TASK_FAILED: "startTaskFailed",
    NodeState.WAITING_FOR_START_TASK: "waitingForStartTask",
    NodeState.UPGRADING_OS: "upgradingOS",
}
"""Names of the counts that differ from their states'."""
SINCE = {
    NodeState.UPGRADING_OS: "2024-02-01",
    NodeState.DEALLOCATED: "2024-07-01",
    NodeState.DEALLOCATING: "2024-07-01",
}
"""The first api-versions of states that others do not count. Source: recorded answers; the change log of azure-batch
15.0.0b1."""


class CountedPool(NamedTuple):
    key: int
    id: str


async def list_pool_node_counts(call: Call) -> Answer:
    condition, parameters = odata.where(call.query.get("$filter"), COLUMNS)
    size = call.page_size()
    pools = call.service.read(
        CountedPool._make,
        f"SELECT key, id FROM pools WHERE account = ? AND key > ? AND ({condition}) ORDER BY key LIMIT ?",
        call.account,
        call.after(),
        *parameters,
        size + 1,
    )
    views = [_view(call, pool) for pool in pools[:size]]
    return page(call, "poolnodecounts", views, more_after(pools, size))


def _view(call: Call, pool: CountedPool) -> dict[str, Any]:
    sql = "SELECT dedicated, state, count(*) FROM nodes WHERE pool = ? GROUP BY dedicated, state"
    found = dict(call.service.read(_count, sql, pool.key))
    kinds = {"dedicated": True, "lowPriority": False}
    return {"poolId": pool.id, **{name: _counts(found, kind, call.version) for name, kind in kinds.items()}}


def _count(row: sqlite3.Row) -> tuple[tuple[bool, NodeState], int]:
    dedicated, state, number = row
    return (bool(dedicated), NodeState(state)), number


def _counts(found: dict[tuple[bool, NodeState], int], dedicated: bool, version: str) -> dict[str, int]:
    counts = {state: found.get((dedicated, state), 0) for state in NodeState}
    shown = {NAMES.get(state, state.value): n for state, n in counts.items() if version >= SINCE.get(state, "")}
    return {**shown, "total": sum(counts.values())}
