"""`shoal top` on a stack: in a pseudo terminal, and in a pipe."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from azure.batch.models import BatchJobCreateOptions, BatchPoolInfo, BatchTaskCreateOptions

from shoal.connect import connected
from shoal.environment import Environment
from shoal.service_status import Status
from tests.environments import environment_variables, shoal
from tests.waiting import wait_until

CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal of 100 columns with `shoal top` on it."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master, self.output = process, master, b""

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait_for(self, text: str) -> None:
        """Wait until the text is drawn, after what was waited for before."""
        deadline = time.monotonic() + 60
        while (place := CODES.sub(b"", self.output).find(text.encode())) < 0:
            assert time.monotonic() < deadline, f"no {text!r} in {CODES.sub(b'', self.output)[-4000:]!r}"
            self._read()
        self.output = CODES.sub(b"", self.output)[place + len(text.encode()) :]

    def ended(self) -> int:
        while self.process.poll() is None:
            self._read()
        with suppress(OSError):
            self._read()
        return self.process.returncode

    def flags(self) -> int:
        return int(termios.tcgetattr(self._master)[3])

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.2)[0]:
            self.output += os.read(self._master, 65536)


@contextmanager
def top_on_terminal(service: Status, project: Path) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "shoal", "top", "--interval", "0.5"],
        cwd=project,
        env=environment_variables(service) | {"TERM": "xterm-256color"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


@pytest.fixture
def failed_job(service: Status, environment: Environment, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A job with a task that failed."""
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        pool = BatchPoolInfo(pool_id=environment.pools["spot"].id)
        services.batch.create_job(BatchJobCreateOptions(id=name, pool_info=pool))
        services.batch.create_task(name, BatchTaskCreateOptions(id="broken", command_line="/bin/sh -c 'exit 3'"))
        wait_until(lambda: services.batch.get_job_task_counts(name).task_counts.failed == 1)
        yield name
        services.batch.begin_delete_job(name)


def test_screen_follows_the_stack_opens_a_row_and_gives_the_terminal_back(
    service: Status, project: Path, failed_job: str
) -> None:
    with top_on_terminal(service, project) as terminal:
        before = terminal.flags()
        terminal.wait_for("stack local")
        terminal.wait_for(failed_job)
        terminal.wait_for("broken")
        assert not terminal.flags() & termios.ECHO
        terminal.press(b"j\r")
        terminal.wait_for("Spot")
        terminal.wait_for("a fixed size")
        terminal.press(b"\r\x1b[Bp")
        terminal.wait_for("paused")
        os.kill(terminal.process.pid, signal.SIGINT)
        assert terminal.ended() == 0
        assert terminal.flags() == before
        # The screen that was there before the command.
        assert terminal.output.endswith(b"\x1b[?1049l\x1b[?25h") or b"\x1b[?1049l" in terminal.output


def test_q_ends_with_0(service: Status, project: Path, environment: Environment) -> None:
    with top_on_terminal(service, project) as terminal:
        terminal.wait_for("stack local")
        terminal.press(b"q")
        assert terminal.ended() == 0


def test_pipe_gets_one_picture(service: Status, project: Path, failed_job: str) -> None:
    ended = shoal(service, project, "top")
    assert (ended.returncode, ended.stderr) == (0, "")
    row = next(line for line in ended.stdout.splitlines() if line.startswith(failed_job))
    assert row.split() == [failed_job, "active", "1", "1", "0", "1", "active"]
    assert "\x1b" not in ended.stdout
    document = json.loads(shoal(service, project, "top", "--json").stdout)
    (job,) = (job for job in document["jobs"] if job["row"]["id"] == failed_job)
    assert job["counts"] == {"active": 0, "running": 0, "succeeded": 0, "failed": 1}
    failure = next(each for each in document["failures"] if each["job_id"] == failed_job)
    assert (failure["task"]["id"], failure["task"]["exit_code"]) == ("broken", 3)
    assert [pool["row"]["pool"] for pool in document["pools"]] == ["spot"]
