"""Pulumi's command as the Automation API runs it, such that Ctrl-C ends an operation cleanly."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from pulumi.automation import PulumiCommand
from pulumi.automation._cmd import CommandResult
from pulumi.automation.errors import create_command_error

OnLine = Callable[[str], Any] | None


class InterruptibleCommand(PulumiCommand):
    """Runs in a process group of its own, so that it gets one SIGINT from here and none from the terminal.

    On the first SIGINT Pulumi finishes the steps that it has begun; on the second it ends at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False
        self._running: subprocess.Popen[str] | None = None

    @contextmanager
    def handing_on_interrupts(self) -> Iterator[None]:
        """Pass SIGINT on to the command during the block, and raise KeyboardInterrupt after it. Main thread only."""
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self.interrupted:
            raise KeyboardInterrupt

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine = None,
        on_error: OnLine = None,
    ) -> CommandResult:
        """Do as PulumiCommand.run, which starts its process in the terminal's group and does not expose it."""
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            encoding="utf-8",
            process_group=0,
        ) as process:
            self._running = process
            # Both pipes are read at once: a full one that nobody reads would stop the command.
            output, errors = _reader(process.stdout, on_output), _reader(process.stderr, on_error)
            result = CommandResult(stdout=output(), stderr=errors(), code=process.wait())
        self._running = None
        if result.code != 0:
            raise create_command_error(result)
        return result

    def _interrupt(self, *_: object) -> None:
        self.interrupted = True
        if self._running is not None:
            self._running.send_signal(signal.SIGINT)


def _reader(stream: IO[str] | None, on_line: OnLine) -> Callable[[], str]:
    """Start to read lines in a thread; return a function that waits for the end and returns them all."""
    lines: list[str] = []

    def read() -> None:
        for line in stream or ():
            lines.append(line.rstrip())
            if on_line is not None:
                on_line(lines[-1])

    thread = threading.Thread(target=read)
    thread.start()

    def all_lines() -> str:
        thread.join()
        return "\n".join(lines)

    return all_lines
