"""Processes of tasks that try to outlive their node and their service."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.local.node import keeper, leftovers
from shoal.local.node.control_groups import ControlGroups
from shoal.service_status import Status, is_running
from tests.local.making import make_job, make_pool, sh, task
from tests.processes import processes_naming
from tests.services import batch_client, running_service, start_service, stop_service
from tests.waiting import wait_until

HOP = """
import os, time
from pathlib import Path
while True:
    with Path(__file__).with_name("hops").open("a") as hops:
        hops.write(".")
    if os.fork():
        os._exit(0)
    time.sleep(0.002)
"""
"""A program that is always another process."""
ESCAPES = {
    "7310": "setsid sleep 7310{n}",
    "7320": "env -i setsid sleep 7320{n}",
    "7330": "cd / && exec env -i setsid sleep 7330{n} <&- >/dev/null 2>&1",
    "hop": "cd / && exec env -i setsid {python} {folder}/hop.py >/dev/null 2>&1",
    "7350": 'for i in 1 2 3 4 5 6 7 8 9; do setsid sh -c "sleep 7350{n} & sleep 7350{n}" & done; wait',
}
"""Ways out: another session, no environment, no trace at all, a process that keeps changing, many at once."""


class Fugitives:
    """Processes that the tasks of one test have let out."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        (folder / "hop.py").write_text(HOP)

    def let_out(self, status: Status, job: str) -> None:
        client = batch_client(status)
        make_job(client, job, "pool")
        for name, command in ESCAPES.items():
            line = command.format(n=self.number, python=sys.executable, folder=self.folder)
            # Out once only: a task that is started again does nothing, so that what is seen later has escaped.
            script = sh(f"mkdir {self.folder}/{job}-{name} && {{ {line}; }} & sleep 600")
            client.create_task(job, task(name, script))
        wait_until(lambda: self.hops() and all(self.sleepers(name) for name in ESCAPES if name != "hop"))

    def sleepers(self, name: str) -> list[int]:
        return processes_naming(f"sleep\0{name}{self.number}\0")

    def hops(self) -> bool:
        before = self._hops()
        time.sleep(0.1)
        return self._hops() > before

    def _hops(self) -> int:
        path = self.folder / "hops"
        return path.stat().st_size if path.exists() else 0

    def names(self) -> list[str]:
        """The escapes that have a process now."""
        return [name for name in ESCAPES if (self.hops() if name == "hop" else self.sleepers(name))]


@pytest.fixture
def fugitives(tmp_path: Path) -> Iterator[Fugitives]:
    made = Fugitives(tmp_path, os.getpid())
    yield made
    # What a failed test leaves.
    bar(tmp_path / "hops")
    for pid in [pid for name in ESCAPES for pid in made.sleepers(name)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def bar(path: Path) -> None:
    """Put a directory in the place of a file that a process may go on making."""
    while not path.is_dir():
        path.unlink(missing_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir()


def agents(state_dir: Path) -> list[int]:
    here = set(processes_naming(str(state_dir / "nodes")))
    return [pid for pid in processes_naming("shoal.local.node") if pid in here]


def keepers(state_dir: Path) -> list[int]:
    here = set(processes_naming(str(state_dir / "nodes")))
    return [pid for pid in processes_naming(keeper.__file__) if pid in here]


def test_nothing_outlives_its_agent_or_a_stop(tmp_path: Path, fugitives: Fugitives) -> None:
    state = tmp_path / "state"
    with running_service(state) as status:
        make_pool(batch_client(status), "pool", taskSlotsPerNode=2 * len(ESCAPES))
        fugitives.let_out(status, "first")
        (agent,) = agents(state)
        os.kill(agent, signal.SIGKILL)
        wait_until(lambda: not fugitives.names(), within=10)
        fugitives.let_out(status, "second")
    assert fugitives.names() == []


def test_nothing_outlives_a_killed_service_or_the_start_after_it(tmp_path: Path, fugitives: Fugitives) -> None:
    state = tmp_path / "state"
    status = start_service(state)
    make_pool(batch_client(status), "pool", taskSlotsPerNode=2 * len(ESCAPES))
    fugitives.let_out(status, "first")
    stop_service(status, signal.SIGKILL)
    wait_until(lambda: not fugitives.names(), within=10)
    status = start_service(state)
    fugitives.let_out(status, "second")
    for pid in [status.pid, *keepers(state)]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(state))
    with running_service(state):
        # Without service, agent, keeper and any trace, only a control group knows any more whose process it is.
        assert set(fugitives.names()) <= (set() if has_control_groups(tmp_path) else {"7330", "hop"})


def has_control_groups(folder: Path) -> bool:
    groups = ControlGroups(folder)
    groups.open()
    groups.close()
    return groups.own is not None


@pytest.mark.parametrize("trace", ["cwd", "output"])
def test_shell_of_a_person_is_not_taken_for_a_leftover(trace: str, tmp_path: Path) -> None:
    main, terminal = pty.openpty()
    (tmp_path / "node").mkdir()
    with (
        (tmp_path / "node" / "file").open("w") as file,
        subprocess.Popen(
            ["setsid", "--ctty", "sleep", "20"],
            stdin=terminal,
            stderr=file if trace == "output" else None,
            cwd=tmp_path / "node" if trace == "cwd" else None,
        ) as shell,
    ):
        try:
            # Only then it has its terminal.
            wait_until(lambda: Path(f"/proc/{shell.pid}/cmdline").read_bytes().startswith(b"sleep"))
            assert leftovers.end_processes(tmp_path)
            assert shell.poll() is None
        finally:
            shell.kill()
    os.close(main)
    os.close(terminal)
