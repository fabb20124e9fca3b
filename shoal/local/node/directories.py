"""The directory tree of a node, as on Linux.

Source: "Files and directories in Azure Batch". `root` is AZ_BATCH_NODE_ROOT_DIR.
"""

import os
import shutil
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shoal.local.node.task_users import ROOT, TaskUser

LOGS = ("stdout.txt", "stderr.txt")


@dataclass(frozen=True)
class TaskDirectory:
    path: Path
    user: TaskUser | None = None
    """The task's own, if it has one: the working directory and the logs belong to it."""
    is_shared: bool = False
    """The other users of the node may read it, too."""

    @cached_property
    def working(self) -> Path:
        return self.path / "wd"

    def make(self) -> None:
        """Empty working directory and output files; what an earlier attempt left is gone."""
        # The usual case first: a task's first attempt on a node that has run its job.
        try:
            self.path.mkdir()
        except FileExistsError:
            shutil.rmtree(self.path)
            self.path.mkdir()
        except FileNotFoundError:
            self.path.mkdir(parents=True)
        self.working.mkdir()
        if self.user is not None:
            # Not the user's own: what the agent opens there by name cannot be replaced.
            _give(self.path, ROOT, self._group, 0o750)
            _give(self.working, self.user.number, self._group, 0o750 if self.is_shared else 0o700)

    def hand_over(self) -> None:
        """Give what the agent has put there to the task's user, if it has one, with the logs."""
        if self.user is None or self.user.number == ROOT:
            return
        for name in LOGS:
            (self.path / name).touch(0o644 if self.is_shared else 0o600)
        # By descriptors: a coordination command may have left a process that replaces directories by links.
        for _, folders, files, folder in os.fwalk(self.path):
            for name in (*folders, *files):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if status.st_uid == ROOT and (stat.S_ISDIR(status.st_mode) or status.st_nlink == 1):
                    os.chown(name, self.user.number, self._group, dir_fd=folder, follow_symlinks=False)

    @property
    def _group(self) -> int:
        assert self.user is not None
        return self.user.node if self.is_shared else self.user.number


def task_root(job: str, task: str) -> str:
    """Return the path of a task's directory below its node's root."""
    # Azure keeps a job as run `job-1` of a work item, and its paths show it. The id of a schedule's job has both names.
    item, _, run = job.partition(":")
    return f"workitems/{item}/{run or 'job-1'}/{task}"


@dataclass(frozen=True, slots=True)
class NodeDirectory:
    root: Path

    @property
    def applications(self) -> Path:
        return self.root / "applications"

    @property
    def mounts(self) -> Path:
        return self.root / "fsmounts"

    @property
    def shared(self) -> Path:
        return self.root / "shared"

    @property
    def cache(self) -> Path:
        return self.root / "volatile" / "cache"

    @property
    def retention(self) -> Path:
        """Notes about when which task directories are deleted."""
        return self.root / "volatile" / "retention"

    @property
    def log(self) -> Path:
        """Beside the node's folder: the service writes it there, and tasks do not see it."""
        return self.root.with_name(f"{self.root.name}.log")

    @property
    def logins(self) -> Path:
        """Beside the node's folder, which containers see."""
        return self.root.with_name(f"{self.root.name}.logins")

    @property
    def startup(self) -> TaskDirectory:
        return TaskDirectory(self.root / "startup")

    def job(self, job: str) -> Path:
        """Return the folder of a job's own, which for a schedule's job is one of several of a work item."""
        return self.root / "workitems" / job.replace(":", "/")

    def task(self, job: str, task: str, user: TaskUser | None = None, *, is_shared: bool = False) -> TaskDirectory:
        return TaskDirectory(self.root / task_root(job, task), user, is_shared)

    def make(self, group: int | None = None) -> None:
        """Make the folders; with a group, its members alone can pass, and share `shared` and `fsmounts`."""
        for path in (self.applications, self.mounts, self.shared, self.cache, self.root / "workitems"):
            path.mkdir(parents=True, exist_ok=True)
        if group is not None:
            _give(self.root, ROOT, group, 0o750)
            _give(self.cache.parent, ROOT, ROOT, 0o700)
            for path in (self.mounts, self.shared):
                _give(path, ROOT, group, 0o2770)


def _give(path: Path, user: int, group: int, mode: int) -> None:
    os.chown(path, user, group)
    path.chmod(mode)
