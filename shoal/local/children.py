"""Child processes that end with their standard input. They exchange lines with the service and never stall its loop.

`subprocess` makes them in a thread: uvloop would fork while other threads run, and a child that stops between fork and
exec would stop the whole service with it. A pair of sockets connects them: uvloop and the file object of a pipe would
each close the descriptor, which may belong to something else by then.
"""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

LONGEST_LINE = 1 << 26
"""Bytes. One line reports all ends of a moment; asyncio's own limit of 64 KiB is too short for many failures."""


class Child:
    """Made by `spawn`."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.reader = reader
        self.writer = writer

    def write(self, line: bytes) -> None:
        """Write to the child, or nothing where it is gone: `wait` notices that."""
        if not self.writer.is_closing():
            self.writer.write(line)

    def close(self) -> None:
        """Close its input, which asks it to end. Its later output is lost."""
        self.writer.close()

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield whole lines. The part of a line that a killed child left is dropped."""
        try:
            while (line := await self.reader.readline()).endswith(b"\n"):
                yield line
        except ConnectionError:
            return

    async def wait(self) -> int:
        return await asyncio.to_thread(self.process.wait)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


async def spawn(
    command: Sequence[str], *, log: Path, heard: bool, environment: Mapping[str, str] | None = None
) -> Child:
    """Start a command in a session of its own; stderr, and stdout unless `heard`, go to `log`. Raises OSError."""
    ours, theirs = socket.socketpair()
    try:
        # Our copy of the child's end must go, or its end would never show as the end of its output.
        with theirs:
            process = await asyncio.to_thread(_popen, command, theirs, log, heard, environment)
    except OSError:
        ours.close()
        raise
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LONGEST_LINE)
    return Child(process, reader, writer)


def _popen(
    command: Sequence[str], connection: socket.socket, log: Path, heard: bool, environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=connection.fileno(),
            stdout=connection.fileno() if heard else file.fileno(),
            stderr=file,
            env=environment,
            # Ctrl-C is for the service, which ends its children in order.
            start_new_session=True,
        )
