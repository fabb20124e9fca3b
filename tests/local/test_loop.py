"""The loop when a batch cannot be stored: nothing of it is acknowledged, and what agents said is not forgotten."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shoal.local import errors
from shoal.local.scheduler.loop import Loop, Transaction
from shoal.local.store import settings
from shoal.local.store.database import open_database


class Agents:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard = asyncio.Event()

    def start(self, node: str, boots: int, setup: dict[str, Any]) -> None:
        self.told.append(f"start {node}")

    def stop(self, node: str) -> None:
        self.told.append(f"stop {node}")

    def wipe(self, node: str) -> None:
        raise NotImplementedError

    def close(self, node: str) -> None:
        self.told.append(f"close {node}")

    def send(self, node: str, command: dict[str, Any]) -> None:
        self.told.append(f"send {node}")
        self.heard.set()


def make_loop(path: Path, fill: Callable[[Transaction, int], None] = lambda tx, pool: None) -> tuple[Loop, Agents]:
    agents = Agents()
    return Loop(open_database(path / "batch.db"), agents, fill), agents


def fill_disk(connection: sqlite3.Connection) -> None:
    """Keep the database file from growing any further."""
    connection.execute("VACUUM")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def free_disk(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def note(tx: Transaction, text: str) -> None:
    tx.run("INSERT INTO settings VALUES (?, ?)", text, "x" * 100_000)
    tx.tell("node", {})


def test_batch_that_does_not_fit_on_the_disk_is_refused_whole(tmp_path: Path) -> None:
    async def story() -> None:
        loop, agents = make_loop(tmp_path)
        fill_disk(loop.connection)
        small = loop.change(lambda tx: settings.put(tx.connection, "small", 1))
        large = loop.change(lambda tx: note(tx, "large"))
        for future in (small, large):
            with pytest.raises(errors.NotStored, match="could not write its state"):
                await future
        assert agents.told == []
        free_disk(loop.connection)
        assert settings.get(loop.connection, "small", 0) == 0
        await loop.change(lambda tx: note(tx, "large"))
        assert agents.told == ["send node"]

    asyncio.run(story())


def test_report_is_stored_once_the_disk_has_room_again(tmp_path: Path) -> None:
    async def story() -> None:
        loop, agents = make_loop(tmp_path)
        fill_disk(loop.connection)
        loop.report(lambda tx: note(tx, "said once"))
        await asyncio.sleep(0)
        free_disk(loop.connection)
        await asyncio.wait_for(agents.heard.wait(), 10)
        assert loop.connection.execute("SELECT count(*) FROM settings WHERE name = 'said once'").fetchone()[0] == 1

    asyncio.run(story())


def test_change_that_is_refused_takes_no_other_with_it(tmp_path: Path) -> None:
    def refuse(tx: Transaction) -> None:
        note(tx, "refused")
        raise errors.not_found("Job")

    async def story() -> None:
        loop, agents = make_loop(tmp_path)
        refused, kept = loop.change(refuse), loop.change(lambda tx: note(tx, "kept"))
        with pytest.raises(errors.BatchError, match="does not exist"):
            await refused
        await kept
        assert agents.told == ["send node"]
        assert [row["name"] for row in loop.connection.execute("SELECT name FROM settings")] == ["kept"]

    asyncio.run(story())


def test_fault_while_slots_are_filled_undoes_the_batch_and_the_loop_goes_on(tmp_path: Path) -> None:
    def fill(tx: Transaction, pool: int) -> None:
        raise ZeroDivisionError

    async def story() -> None:
        loop, _ = make_loop(tmp_path, fill)
        with pytest.raises(errors.NotStored):
            await loop.change(lambda tx: tx.pools_to_fill.add(1))
        await loop.change(lambda tx: note(tx, "later"))

    asyncio.run(story())


def test_batch_is_stored_in_the_space_that_a_full_disk_gives_up(tmp_path: Path) -> None:
    async def story() -> None:
        connection = open_database(tmp_path / "batch.db")
        agents = Agents()

        def give_up_reserve() -> bool:
            free_disk(connection)
            return True

        loop = Loop(connection, agents, lambda tx, pool: None, give_up_reserve=give_up_reserve)
        fill_disk(connection)
        await loop.change(lambda tx: note(tx, "large"))
        assert settings.get(connection, "large", "") != ""
        # Once, although the change was applied twice.
        assert agents.told == ["send node"]

    asyncio.run(story())
