"""Azurite, the official storage emulator: started beside the service, and restarted when it ends.

Clients reach it on one port for good. Where a gate is asked for, the gate has that port and Azurite another one.
"""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shoal.local import azurite
from shoal.local.azurite import AzuriteMissing, blob_server
from shoal.local.children import Child, spawn
from shoal.local.gate import Admit, Gate
from shoal.local.guard import KILL_NOW
from shoal.local.identity.certificates import Certificates

log = logging.getLogger(__name__)

READY_WITHIN = 60.0
FREE_WITHIN = 20.0
"""Seconds for the Azurite of a service that was killed to save its state and leave the port."""
RETRY_AFTER = 1.0
UNSAVED = 6.0
"""Seconds. Azurite saves its index every 5; when it is killed, blobs since then are lost."""


class StorageMissing(Exception):
    """Azurite is not installed, does not start, or another program has its port."""


class Storage:
    """Blob storage on `http://127.0.0.1:PORT`, accounts in the path; `https` where it has certificates."""

    def __init__(
        self,
        *,
        folder: Path,
        port: int,
        free_within: float = FREE_WITHIN,
        certificates: Certificates | None = None,
    ) -> None:
        self.folder = folder
        self.certificates = certificates
        self.port = port
        self.azurite_port = port
        """Differs from `port` behind a gate."""
        self.gate: Gate | None = None
        self.free_within = free_within
        self.after_loss: Callable[[float], None] = lambda _: None
        """Called when Azurite is there again after an end of its own, with the time since which it may have lost blobs,
        in seconds since 1970."""
        self.accounts: dict[str, str] = {}
        """The accounts that are served; none while a start has not succeeded."""
        self.guard: Child | None = None
        self.watcher: asyncio.Task[None] | None = None
        self.changing = asyncio.Lock()

    @property
    def endpoint(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def _scheme(self) -> str:
        return "http" if self.certificates is None else "https"

    @property
    def direct_endpoint(self) -> str:
        """The endpoint of Azurite itself, for the service's own work."""
        return f"{self._scheme}://127.0.0.1:{self.azurite_port}"

    @property
    def _accounts_file(self) -> Path:
        return self.folder / "accounts"

    async def put_behind(self, admit: Admit) -> None:
        """Let a gate decide on every request from now on, until `stop`. Raises StorageMissing."""
        async with self.changing:
            if self.gate is not None:
                return
            accounts, self.accounts = self.accounts, {}
            await self._end()
            await self._port_free()
            self.azurite_port = free_port()
            self.gate = Gate(admit, storage_port=self.azurite_port, certificates=self.certificates)
            await self.gate.open(self.port)
            if accounts:
                await self._begin(accounts)
                self.accounts = accounts

    async def serve(self, accounts: dict[str, str]) -> None:
        """Serve these accounts (name to key) from now on; returns when they can be reached. Raises StorageMissing."""
        async with self.changing:
            if accounts == self.accounts:
                return
            if self.accounts and self.guard is not None and self.guard.is_alive:
                azurite.write_accounts(self._accounts_file, accounts)
            else:
                await self._end()
                self.accounts = {}
                await self._begin(accounts)
            self.accounts = dict(accounts)

    async def stop(self) -> None:
        async with self.changing:
            if self.gate is not None:
                await self.gate.close()
                self.gate, self.azurite_port = None, self.port
            await self._end()
            self.accounts = {}

    def kill(self) -> None:
        """Kill Azurite at once, which is noticed and mended as any other end of it."""
        if self.guard is not None and self.guard.is_alive:
            self.guard.process.send_signal(KILL_NOW)

    async def _begin(self, accounts: dict[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = self._command()
        azurite.write_accounts(self._accounts_file, accounts)
        await self._port_free()
        self.guard = await spawn(
            command,
            log=self.folder / "azurite.log",
            heard=False,
            environment=azurite.blob_server_variables(self._accounts_file, self.certificates),
        )
        await self._ready(self.guard)
        self.watcher = asyncio.create_task(self._watch(self.guard))

    def _command(self) -> list[str]:
        try:
            server = blob_server(self.certificates)
        except AzuriteMissing as exc:
            raise StorageMissing(str(exc)) from exc
        # skipApiVersionCheck: clients may be newer than Azurite, which would refuse the api-versions it does not know.
        return [
            sys.executable, "-m", "shoal.local.guard", str(self.folder / "azurite.lock"),
            *server, "--blobHost", "127.0.0.1", "--blobPort", str(self.azurite_port),
            "--location", str(self.folder), "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ]  # fmt: skip

    async def _port_free(self) -> None:
        """Return once nobody listens on the port: `_ready` would take any listener for Azurite."""
        deadline = asyncio.get_running_loop().time() + self.free_within
        while True:
            try:
                socket.create_server(("127.0.0.1", self.azurite_port)).close()
            except OSError as exc:
                if asyncio.get_running_loop().time() > deadline:
                    raise StorageMissing(
                        f"another program has port {self.azurite_port}, which is Azurite's; end it"
                    ) from exc
                await asyncio.sleep(0.02)
            else:
                return

    async def _ready(self, guard: Child) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN
        while guard.is_alive and asyncio.get_running_loop().time() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.azurite_port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
        raise StorageMissing(f"Azurite does not start; see {self.folder / 'azurite.log'}")

    async def _watch(self, guard: Child) -> None:
        """Start it again when it ends without having been told to, until it does start."""
        code = await guard.wait()
        ended = time.time()
        while True:
            log.error("Azurite ended with code %s; starting it again", code)
            await asyncio.sleep(RETRY_AFTER)
            async with self.changing:
                # Stopped, or started with other accounts, while this waited.
                if self.guard is None or self.guard.is_alive:
                    return
                try:
                    await self._begin(self.accounts)
                except StorageMissing:
                    continue
                self.after_loss(ended - UNSAVED)
                return

    async def _end(self) -> None:
        # First the watcher, which would start Azurite again.
        if self.watcher is not None:
            self.watcher.cancel()
        if self.guard is not None:
            self.guard.close()
            await self.guard.wait()
        self.guard = None


def free_port() -> int:
    """Return a port that nobody has; Azurite takes a number, not a socket, so another process could still get it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
