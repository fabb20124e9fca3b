"""Processes of tasks whose agent and keeper were both killed before they could end them.

On Linux they are found by traces: the environment that descendants inherit, a working directory or an output file in
the node's directory. Elsewhere they are not looked for (docs/fidelity.md).
"""

import os
import signal
import time
from pathlib import Path

from shoal.local.node import keeper

PROC = Path("/proc")
PATIENCE = 10.0
"""Seconds until processes that cannot be ended are left alone."""
PAUSE = 0.01
TRACES = ("cwd", "fd/1", "fd/2")


def end_processes(root: Path) -> bool:
    """Kill every process that belongs to the node of this directory, or to one below it, until none is left.

    Return False where some are still there.
    """
    return _end_all(root, b"AZ_BATCH_NODE_ROOT_DIR=")


def end_task_processes(folder: Path) -> bool:
    """Kill every process that belongs to the task of this directory, until none is left.

    Return False where some are still there.
    """
    return _end_all(folder, b"AZ_BATCH_TASK_DIR=")


def ancestors(pid: int) -> set[int]:
    """Return the process and its ancestors: a service may itself be started by a task."""
    line: set[int] = set()
    while pid:
        line.add(pid)
        fields = _stat(pid)
        pid = int(fields[1]) if fields else 0
    return line


def _end_all(root: Path, variable: bytes) -> bool:
    deadline = time.monotonic() + PATIENCE
    spared = ancestors(os.getpid())
    while remaining := [pid for pid in _processes() if pid not in spared and _belongs(pid, root, variable)]:
        if time.monotonic() > deadline:
            return False
        for pid in remaining:
            _end(pid)
        time.sleep(PAUSE)
    return True


def _processes() -> list[int]:
    return [int(entry.name) for entry in PROC.glob("[0-9]*")]


def _belongs(pid: int, root: Path, variable: bytes) -> bool:
    return _is_marked(pid, root, variable) or (_has_traces(pid, os.path.realpath(root)) and not _has_terminal(pid))


def _is_marked(pid: int, root: Path, variable: bytes) -> bool:
    """True where its environment names the directory."""
    mark = variable + os.fsencode(root)
    try:
        environment = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        # Ended meanwhile, or another user's. Tasks run as the user of the service, or this is root.
        return False
    return any(setting == mark or setting.startswith(mark + b"/") for setting in environment)


def _has_traces(pid: int, root: str) -> bool:
    return any(_target(pid, trace).startswith(f"{root}/") for trace in TRACES)


def _target(pid: int, trace: str) -> str:
    try:
        return str((PROC / str(pid) / trace).readlink())
    except OSError:
        return ""


def _has_terminal(pid: int) -> bool:
    """True for the shell of a person who looks at a task's files; no task has a terminal."""
    fields = _stat(pid)
    return bool(fields) and fields[4] != "0"


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name: state, parent, group, session, terminal."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _end(pid: int) -> None:
    """Kill a process. A keeper is asked to end: it still knows descendants that have no traces."""
    try:
        os.kill(pid, signal.SIGTERM if _is_keeper(pid) else signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _is_keeper(pid: int) -> bool:
    try:
        return os.fsencode(keeper.__file__) in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
