"""Runs a node's agent, and ends with it every process that its tasks have left: `python keeper.py DIRECTORY [MEMBERS]`.

MEMBERS is the file by which it joins the control group of its node.
A task's process can leave its group and its session and clear its environment, but not its ancestors: on Linux the
orphans of all descendants become the keeper's own children. This script imports nothing but the standard library, since
there is one keeper a node.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

PATIENCE = 10.0
"""Seconds for killed processes to be gone; another user's, or one that hangs in the kernel, may never be."""
LONGEST_PAUSE = 0.01
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""Source: prctl(2)."""
NOTHING_LEFT, UNCERTAIN = 0, 1
"""Exit codes: whether processes of the node may still be there."""


def main(node_directory: str, members: str | None = None) -> int:
    """Return when the agent has ended and nothing of its node is left, or cannot be found from here."""
    # As the agent: only the end of its input ends it. SIGTERM comes where that took too long.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopting = control(PR_SET_CHILD_SUBREAPER, 1)
    if members is not None:
        # Before there is an agent: its descendants are members by their birth.
        with contextlib.suppress(OSError):
            Path(members).write_text(str(os.getpid()))
    agent = _start([sys.executable, "-m", "shoal.local.node", node_directory])
    signal.signal(signal.SIGTERM, lambda _number, _frame: _kill(agent))
    while os.wait()[0] != agent:
        continue
    return NOTHING_LEFT if adopting and end_children() else UNCERTAIN


def end_children() -> bool:
    """Kill every child until none is left; children of killed ones become ours. Return False where some stay."""
    deadline, pause = time.monotonic() + PATIENCE, 0.0
    while time.monotonic() < deadline:
        for pid in _children():
            _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return True
        # At first without a pause: what forks and ends all the time must be met before it has done so again.
        time.sleep(pause)
        pause = min(pause + 0.0001, LONGEST_PAUSE)
    return False


def _start(command: list[str]) -> int:
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(command, keeper)
    return pid


def _become(command: list[str], keeper: int) -> NoReturn:
    # An agent without its keeper would lose sight of what its tasks leave.
    control(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The keeper may have ended before that.
    if os.getppid() != keeper:
        os._exit(1)
    os.execv(command[0], command)


def _children() -> list[int]:
    pid = os.getpid()
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == pid]


def _parent(process: Path) -> int | None:
    try:
        # The name before it stands in brackets and may hold anything.
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def control(option: int, argument: int) -> bool:
    """Call prctl; return False on systems without it."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(option, argument, 0, 0, 0) == 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
