"""The page's server on loopback, until it is interrupted."""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.ui.application import application
from shoal.ui.gate import Keys
from shoal.ui.pages import Pages
from shoal.ui.poller import Poller

HOST = "127.0.0.1"
END_WITHIN = 1
"""Seconds that open pages may keep the server from ending."""


def serve(
    find: Callable[[], Environment], *, port: int, read_only: bool, on_address: Callable[[str, bool], None]
) -> None:
    """Serve until interrupted. Raises BadInput where the port is taken.

    `on_address` gets each address that opens the page in one browser, and True with the first of them.
    """
    logging.getLogger("azure").setLevel(logging.WARNING)
    # uvicorn raises the signal again that ended it.
    with listen(port) as listening, suppress(KeyboardInterrupt):
        server(find, listening, read_only=read_only, on_address=on_address).run(sockets=[listening])


def server(
    find: Callable[[], Environment],
    listening: socket.socket,
    *,
    read_only: bool,
    on_address: Callable[[str, bool], None],
) -> "Server":
    """Return a server for a socket that listens."""
    keys = Keys(port=listening.getsockname()[1], on_used=lambda address: on_address(address, False))
    poller = Poller(find, Pages().view_of)
    config = uvicorn.Config(
        application(find, poller, keys, read_only=read_only),
        access_log=False,
        log_config=None,
        ws="none",
        timeout_graceful_shutdown=END_WITHIN,
    )
    return Server(config, on_started=lambda: on_address(keys.address, True), on_ending=poller.close)


class Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, *, on_started: Callable[[], None], on_ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_started, self._on_ending = on_started, on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the events of open pages first: they would never end by themselves."""
        self._on_ending()
        await super().shutdown(sockets)


def listen(port: int) -> socket.socket:
    """Return a socket on loopback. Raises BadInput where the port is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as exc:
        listening.close()
        raise BadInput(
            f"port {port} cannot be used: {exc.strerror}; choose another one with --port, or 0 for any"
        ) from exc
    return listening
