"""Child processes that end with their standard input: spoken to by lines, waited for without stalling the loop.

They are made by `subprocess` in a thread: the faster event loop's own way forks while other threads run, and a child
that stops between fork and exec would stop the whole service with it.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import IO

LONGEST_LINE = 1 << 26


class Child:
    """Made by `spawn`."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        input_: asyncio.WriteTransport,
        output: asyncio.StreamReader | None,
    ) -> None:
        self.process = process
        self.input = input_
        self.output = output

    def write(self, line: bytes) -> None:
        """To a child that is gone nothing is written: its end is noticed by whoever waits for it."""
        if not self.input.is_closing():
            self.input.write(line)

    def close(self) -> None:
        """End its input, which asks it to end."""
        self.input.close()

    async def lines(self) -> AsyncIterator[bytes]:
        """Whole lines only: what a killed child was about to say is not heard."""
        while self.output is not None and (line := await self.output.readline()).endswith(b"\n"):
            yield line

    async def wait(self) -> int:
        return await asyncio.to_thread(self.process.wait)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


async def spawn(
    command: Sequence[str], *, log: Path, heard: bool, environment: Mapping[str, str] | None = None
) -> Child:
    """Start a command in a session of its own; what it does not say to the service goes to `log`. Raises OSError."""
    process = await asyncio.to_thread(_popen, command, log, heard, environment)
    loop = asyncio.get_running_loop()
    writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, _pipe(process.stdin))
    if not heard:
        return Child(process, writing, None)
    output = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), _pipe(process.stdout))
    return Child(process, writing, output)


def _popen(
    command: Sequence[str], log: Path, heard: bool, environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if heard else file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("the child was started with pipes")
    return stream
