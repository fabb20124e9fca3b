"""A control group of Linux for each node: its processes are members wherever they go, and whatever they forget.

A process can leave its session, its environment and its parents, but not its control group. Where the service may make
none (no root, no delegated group, another system), `keeper` and `leftovers` do what they can without.
Source: cgroups(7), "Control Group v2" of the kernel's documentation.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from shoal.local.node import leftovers

MOUNTS = Path("/proc/self/mountinfo")
MEMBERSHIP = Path("/proc/self/cgroup")
HIERARCHIES = ("", "pids", "freezer", "name=systemd")
"""By the names of `/proc/self/cgroup`, the best first: "" is version 2, the others count or mark processes only."""
MEMBERS = "cgroup.procs"
PATIENCE = 10.0
"""Seconds until processes that cannot be killed are left alone."""
PAUSE = 0.005


class ControlGroups:
    """The groups of the nodes of one service, below one of its own."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the service's own; by its number a later service finds the groups of an earlier one."""
        self.folder = folder
        self.own: Path | None = None

    def open(self) -> None:
        """Make the service's group in the first hierarchy that allows it."""
        name = self._name()
        self.own = next((place / name for place in _places() if _make(place / name)), None)

    def close(self) -> None:
        """Remove the service's group, once those of its nodes are gone."""
        if self.own is not None:
            with contextlib.suppress(OSError):
                self.own.rmdir()

    def members(self, node: str) -> Path | None:
        """Return the file by which a process becomes a member of a node's group, or None where there is no group."""
        return self.own / node / MEMBERS if self.own is not None and _make(self.own / node) else None

    def end(self, node: str) -> bool:
        """Kill the members of a node's group, and remove it. Return False where some are still there."""
        return self.own is None or end_members(self.own / node)

    def end_all(self) -> bool:
        """Kill the members of all groups that a service made for this folder. Return False where some are left."""
        name = self._name()
        groups = [group for point, _ in _mounts().values() for group in _below(point) if group.name == name]
        # Every one of them, also after one that cannot be ended.
        emptied = [end_members(group) for group in groups]
        return all(emptied)

    def _name(self) -> str:
        number = self.folder.stat()
        return f"shoal-{number.st_dev:x}-{number.st_ino:x}"


def end_members(group: Path) -> bool:
    """Kill every process in a group and below it until none is left, and remove it. Return False where some stay.

    This process and its ancestors are spared: a service may itself be started by a task.
    """
    deadline, spared = time.monotonic() + PATIENCE, leftovers.ancestors(os.getpid())
    while members := [pid for part in [group, *_below(group)] for pid in _members(part) if pid not in spared]:
        if time.monotonic() > deadline:
            return False
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)
    for part in [*reversed([*_below(group)]), group]:
        with contextlib.suppress(OSError):
            part.rmdir()
    return True


def _places() -> list[Path]:
    return own_groups(_text(MOUNTS), _text(MEMBERSHIP))


def _mounts() -> dict[str, tuple[Path, str]]:
    return mounts(_text(MOUNTS))


def _text(path: Path) -> str:
    """Return the content, or nothing on a system without such a file."""
    return path.read_text() if path.exists() else ""


def own_groups(mountinfo: str, membership: str) -> list[Path]:
    """Return the folders of a process's groups from the two files of /proc."""
    groups = dict(line.split(":", 2)[1:] for line in membership.splitlines())
    found = mounts(mountinfo)
    return [_folder(*found[name], groups[name]) for name in HIERARCHIES if name in found and name in groups]


def mounts(mountinfo: str) -> dict[str, tuple[Path, str]]:
    """Return where each hierarchy of interest is mounted, and which of its groups is to be seen there."""
    found: dict[str, tuple[Path, str]] = {}
    for line in mountinfo.splitlines():
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split(" ", 2)
        root, point = mount.split()[3:5]
        names = [""] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
        for name in set(names) & set(HIERARCHIES):
            found[name] = Path(point), root
    return found


def _folder(point: Path, root: str, group: str) -> Path:
    # In a container only its own part of the hierarchy is mounted, whatever the whole path is called.
    inside = Path(group).is_relative_to(root)
    return point / Path(group).relative_to(root) if inside else point


def _make(group: Path) -> bool:
    try:
        group.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(group / MEMBERS, os.W_OK)


def _below(group: Path) -> Iterator[Path]:
    """Yield the groups below a group, each before those below itself. Groups may end meanwhile."""
    with contextlib.suppress(OSError), os.scandir(group) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
                yield from _below(Path(entry.path))


def _members(group: Path) -> list[int]:
    try:
        return [int(pid) for pid in (group / MEMBERS).read_text().split()]
    except OSError:
        return []
