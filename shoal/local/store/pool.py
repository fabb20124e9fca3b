"""Pools, with the numbers of their nodes."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

import orjson

from shoal.local.store.queries import columns, one, required
from shoal.local.store.states import AllocationState, NodeDeallocationOption, NodeFillType, PoolState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A row of the view `counted_pools`."""

    key: int
    account: str
    id: str
    definition: bytes
    """JSON; `body` parses it."""
    identities: tuple[str, ...]
    """ARM ids of the user-assigned identities of its nodes."""
    tags: dict[str, str]
    """Known to ARM only."""
    slots_per_node: int
    fill: NodeFillType
    target_dedicated: int
    target_low_priority: int
    deallocation_option: NodeDeallocationOption
    state: PoolState
    state_time: int
    allocation_state: AllocationState
    allocation_time: int
    formula: str | None
    """None where the pool does not scale automatically."""
    evaluation_interval: int
    next_evaluation: int | None
    auto_scale_enabled: int | None
    """The last time a client enabled autoscaling."""
    auto_scale_run: bytes | None
    """JSON of the last evaluation."""
    created: int
    last_modified: int
    current_dedicated: int
    current_low_priority: int
    resize_errors: tuple[dict[str, str], ...]
    """Codes and messages of the last resize."""

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(
            **columns(
                row,
                identities=_strings,
                tags=orjson.loads,
                fill=NodeFillType,
                deallocation_option=NodeDeallocationOption,
                state=PoolState,
                allocation_state=AllocationState,
                resize_errors=_objects,
            )
        )

    @classmethod
    def find(cls, connection: sqlite3.Connection, account: str, pool_id: str) -> Self | None:
        """Return the account's pool with this id, or None where there is none."""
        sql = "SELECT * FROM counted_pools WHERE account = ? AND id = ?"
        return one(connection, cls.from_row, sql, account, pool_id)

    @classmethod
    def require(cls, connection: sqlite3.Connection, account: str, pool_id: str) -> Self:
        """Return the account's pool with this id. Raises BatchError PoolNotFound."""
        return required(cls.find(connection, account, pool_id), "Pool")

    @classmethod
    def get(cls, connection: sqlite3.Connection, key: int) -> Self:
        """Raises BatchError PoolNotFound."""
        return required(one(connection, cls.from_row, "SELECT * FROM counted_pools WHERE key = ?", key), "Pool")

    def body(self) -> dict[str, Any]:
        """Return the definition: the request's body with Batch's defaults filled in."""
        body: dict[str, Any] = orjson.loads(self.definition)
        return body


def _strings(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


def _objects(text: str) -> tuple[dict[str, str], ...]:
    return tuple(orjson.loads(text))
