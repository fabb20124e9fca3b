"""One transaction a batch: changes are collected while the event loop is busy, applied together, then answered.

A change is a function of a transaction. It may raise BatchError: then only its own writes are undone, and its caller
gets the error. Requests and agents' reports wait for the commit, so what was answered is on disk.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from shoal.local import errors, times
from shoal.local.store import queries
from shoal.local.store.queries import Reader

log = logging.getLogger(__name__)

RETRY_AFTER = 0.5
"""Seconds until a report that could not be stored is tried again."""

Effect = Callable[["Agents"], None]
T = TypeVar("T")


class Agents(Protocol):
    """The processes behind the nodes, as the scheduler sees them. None of these calls waits."""

    def start(self, node: str, boots: int, setup: dict[str, Any]) -> None: ...
    def stop(self, node: str) -> None: ...
    def close(self, node: str) -> None: ...
    def wipe(self, node: str) -> None: ...
    def send(self, node: str, command: dict[str, Any]) -> None: ...


@dataclass(slots=True)
class Transaction:
    connection: sqlite3.Connection
    now: int
    """Microseconds; one moment for all changes of the batch, later than that of the batch before."""
    pools_to_fill: set[int] = field(default_factory=set)
    """Keys of the pools that may have both a free slot and a waiting task now."""
    pools_to_fill_next: set[int] = field(default_factory=set)
    """Keys of the pools that still have both after this batch."""
    effects: list[Effect] = field(default_factory=list)

    def one(self, read: Reader[T], sql: str, *parameters: object) -> T | None:
        """Return the first row as `read` reads it, or None where there is none."""
        return queries.one(self.connection, read, sql, *parameters)

    def all(self, read: Reader[T], sql: str, *parameters: object) -> list[T]:
        return queries.every(self.connection, read, sql, *parameters)

    def exists(self, sql: str, *parameters: object) -> bool:
        """True where the query has a row."""
        return queries.exists(self.connection, sql, *parameters)

    def run(self, sql: str, *parameters: object) -> int:
        """Return the number of rows that it changed."""
        return self.connection.execute(sql, parameters).rowcount

    def then(self, effect: Effect) -> None:
        """Do this after the commit."""
        self.effects.append(effect)

    def tell(self, node: str, command: dict[str, Any]) -> None:
        """Send a command to the node's agent after the commit."""
        self.effects.append(lambda agents: agents.send(node, command))


Change = Callable[[Transaction], Any]


class Loop:
    def __init__(
        self,
        connection: sqlite3.Connection,
        agents: Agents,
        fill: Callable[[Transaction, int], None],
        *,
        give_up_reserve: Callable[[], bool] = lambda: False,
    ) -> None:
        """`fill` places waiting tasks on the free slots of a pool; it runs once a batch for each pool touched.

        `give_up_reserve` frees space on a full disk; it returns False where it cannot.
        """
        self.give_up_reserve = give_up_reserve
        self.connection = connection
        self.agents = agents
        self.fill = fill
        self.last = 0
        self.waiting: list[tuple[Change, asyncio.Future[Any]]] = []

    def change(self, decide: Callable[[Transaction], T]) -> "asyncio.Future[T]":
        """Apply a change with the next batch. The future holds what it returned, or its BatchError."""
        loop = asyncio.get_running_loop()
        # The first one only: `apply` takes all that have gathered by its turn.
        if not self.waiting:
            loop.call_soon(self.apply)
        future: asyncio.Future[T] = loop.create_future()
        self.waiting.append((decide, future))
        return future

    def report(self, decide: Callable[[Transaction], None]) -> None:
        """Apply a change that nobody waits for, such as an agent's report.

        An agent reports once only, so a report that could not be stored is tried again.
        """

        def look(future: "asyncio.Future[None]") -> None:
            if future.cancelled() or (exc := future.exception()) is None:
                return
            if isinstance(exc, errors.NotStored):
                future.get_loop().call_later(RETRY_AFTER, self.report, decide)
            else:
                log.error("a report could not be applied: %s", exc)

        self.change(decide).add_done_callback(look)

    def apply(self) -> None:
        batch, self.waiting = self.waiting, []
        try:
            transaction, outcomes = self._stored([decide for decide, _ in batch])
        except Exception as exc:
            # A full disk, say. Nothing of the batch was kept, so nothing of it may be acknowledged or started.
            if not _is_full(exc):
                log.exception("a batch of %d changes was not stored", len(batch))
            failure = errors.NotStored(str(exc))
            _answer([(future, failure) for _, future in batch])
            return
        for effect in transaction.effects:
            effect(self.agents)
        if transaction.pools_to_fill_next:
            self.report(lambda tx: tx.pools_to_fill.update(transaction.pools_to_fill_next))
        _answer([(future, outcome) for (_, future), outcome in zip(batch, outcomes, strict=True)])

    def _stored(self, changes: list[Change]) -> tuple[Transaction, list[Any]]:
        """Return the transaction and each change's outcome. On a full disk it is tried again in the reserved space."""
        try:
            return self._store(changes)
        except sqlite3.OperationalError as exc:
            if not _is_full(exc) or not self.give_up_reserve():
                raise
        return self._store(changes)

    def _store(self, changes: list[Change]) -> tuple[Transaction, list[Any]]:
        """Return the transaction and each change's outcome, once all of them are on disk."""
        transaction = Transaction(connection=self.connection, now=self._tick())
        # IMMEDIATE: a lock that another process holds (a shell, a backup) shows here, not in the midst of a change.
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [_attempt(transaction, decide) for decide in changes]
            for pool in sorted(transaction.pools_to_fill):
                self.fill(transaction, pool)
            self.connection.execute("COMMIT")
        finally:
            # After some errors, a full disk among them, SQLite has rolled back already.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        return transaction, outcomes

    def _tick(self) -> int:
        # The clock may stand still or be set back, but no two batches may share a moment: ETags are made of it.
        self.last = max(times.now(), self.last + 1)
        return self.last


def _is_full(exc: Exception) -> bool:
    """Return True where the disk has no room for the database."""
    return isinstance(exc, sqlite3.OperationalError) and exc.sqlite_errorcode == sqlite3.SQLITE_FULL


def _attempt(transaction: Transaction, decide: Change) -> Any:
    """Return the change's result, or the BatchError that undid it."""
    connection, effects = transaction.connection, len(transaction.effects)
    connection.execute("SAVEPOINT change")
    try:
        outcome = decide(transaction)
    except errors.BatchError as exc:
        connection.execute("ROLLBACK TO change")
        # `pools_to_fill` may keep what the change has added: to fill a pool without need changes nothing.
        del transaction.effects[effects:]
        outcome = exc
    except sqlite3.OperationalError:
        # A full disk, for instance: nothing of the batch can be kept, so the whole of it is undone by the caller.
        raise
    except Exception:
        # One faulty request must not take the batch of others with it; its caller gets the error.
        log.exception("a change failed")
        connection.execute("ROLLBACK TO change")
        del transaction.effects[effects:]
        outcome = errors.internal_error()
    # Also after an error: ROLLBACK TO undoes the savepoint's writes, but leaves it open.
    connection.execute("RELEASE change")
    return outcome


def _answer(outcomes: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, outcome in outcomes:
        if future.cancelled():
            continue
        if isinstance(outcome, errors.BatchError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
