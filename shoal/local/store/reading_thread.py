"""Reads that may take long, in a thread with a connection of its own: the event loop serves others meanwhile."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from shoal.local.store import queries
from shoal.local.store.queries import Reader

T = TypeVar("T")


class ReadingThread:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self.connection: sqlite3.Connection | None = None

    async def read(self, read: Reader[T], sql: str, *parameters: object) -> list[T]:
        """Return the rows of what has been committed by now, as `read` reads them."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, lambda: queries.every(self._opened(), read, sql, *parameters))

    def close(self) -> None:
        """Wait for the last read."""
        self.thread.submit(self._close).result()
        self.thread.shutdown()

    def _opened(self) -> sqlite3.Connection:
        if self.connection is None:
            self.connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
            self.connection.row_factory = sqlite3.Row
        return self.connection

    def _close(self) -> None:
        if self.connection is not None:
            self.connection.close()
