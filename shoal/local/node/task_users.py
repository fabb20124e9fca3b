"""The Unix accounts of a node's tasks, where the service was started with `--task-users`.

An account is a number, which stands in no /etc/passwd. Each user has a group of the same number. All users of a node
have a group in common, by which they share what lies in its directory: other nodes' users cannot pass there.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shoal.local.node.messages import USUAL_USER, Setup

FIRST, LAST = 1_879_048_192, 2_147_483_647
"""Numbers that neither distributions nor containers use.

Source: systemd, "Users, Groups, UIDs and GIDs on systemd Systems": unused.
"""
A_NODE = 4096
"""Numbers of a node: its group and the user of its pool, named users, and then users of single tasks in turn."""
NODES = (LAST - FIRST + 1) // A_NODE
ROOT = 0


class TaskUser(NamedTuple):
    number: int
    """The user, and a group of its own."""
    node: int
    """The group of all users of the node."""

    def command(self, program: str) -> list[str]:
        """Return the words that stand before a program's arguments, to run it as this user."""
        if self.number == ROOT:
            return [program]
        as_user = ["--reuid", str(self.number), "--regid", str(self.number), "--groups", str(self.node)]
        return [_setpriv() or "setpriv", *as_user, "--", program]

    def may_run(self, program: str) -> bool:
        """True where the user can reach a program and run it."""
        return self._may(Path(program), stat.S_IXOTH)

    def may_read(self, file: Path) -> bool:
        """True where the user can reach a file and read it."""
        return self._may(file, stat.S_IROTH)

    def _may(self, file: Path, permission: int) -> bool:
        if self.number == ROOT:
            return True
        path = file.absolute()
        # Where it is, and where it leads.
        folders = {*path.parents, *path.resolve().parents}
        return self._has(path, permission) and all(self._has(folder, stat.S_IXOTH) for folder in folders)

    def _has(self, path: Path, permission: int) -> bool:
        """True where the user has a permission on a path; it is given as the one of others."""
        found = path.stat()
        if found.st_uid == self.number:
            permission <<= 6
        elif found.st_gid in (self.number, self.node):
            permission <<= 3
        return bool(found.st_mode & permission)


class NodeUsers:
    """The users of one node; None of each task where the service has no task users."""

    def __init__(self, first: int | None, *, names: Sequence[str], administrators: Sequence[str]) -> None:
        self.first = first
        self.names = {name: place for place, name in enumerate(names, start=1)}
        self.administrators = administrators

    @classmethod
    def of_setup(cls, setup: Setup) -> "NodeUsers":
        first = None if setup.task_users is None else first_of_node(setup.task_users, setup.number)
        return cls(first, names=setup.users, administrators=setup.administrators)

    def of(self, identity: Mapping[str, Any], key: int) -> TaskUser | None:
        """Return the user of a run with this userIdentity; administrators are root."""
        return None if self.first is None else TaskUser(self._number(self.first, identity, key), self.first)

    def _number(self, first: int, identity: Mapping[str, Any], key: int) -> int:
        name = identity.get("username")
        if name is not None:
            return ROOT if name in self.administrators else first + self.names.get(name, 0)
        automatic = {**USUAL_USER["autoUser"], **identity["autoUser"]}
        if automatic["elevationLevel"] == "admin":
            return ROOT
        if automatic["scope"] == "pool":
            return first
        others = 1 + len(self.names)
        # Keys below zero are those of job preparation and release tasks.
        return first + others + (2 * abs(key) + (key < 0)) % (A_NODE - others)


def first_of_node(start: int, node: int) -> int:
    """Return the first number of a node; `start` is the service's place in the range, and `node` the node's key."""
    return FIRST + (start + node) % NODES * A_NODE


def obstacle(state_dir: Path) -> str | None:
    """Return the reason why this process cannot run tasks as other users below a directory, or None where it can."""
    if os.geteuid() != ROOT:
        return "needs a service that runs as root"
    if (setpriv := _setpriv()) is None:
        return "needs Linux and the command setpriv (package util-linux)"
    tried = subprocess.run(
        [setpriv, *f"--reuid {LAST} --regid {LAST} --clear-groups true".split()], capture_output=True
    )
    if tried.returncode:
        return f"needs the numbers from {FIRST} on, which are refused here ({tried.stderr.decode().strip()})"
    closed = next((str(parent) for parent in state_dir.parents if not parent.stat().st_mode & stat.S_IXOTH), None)
    if closed is not None:
        return (
            f"needs a state directory that users can reach, but {closed} is closed to them; choose another with --state"
        )
    return None


def _setpriv() -> str | None:
    return shutil.which("setpriv", path=os.defpath)
