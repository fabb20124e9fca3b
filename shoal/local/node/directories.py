"""The directory tree of a node, as on Linux.

Source: "Files and directories in Azure Batch". `root` is AZ_BATCH_NODE_ROOT_DIR.
"""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class TaskDirectory:
    path: Path

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

    def task(self, job: str, task: str) -> TaskDirectory:
        return TaskDirectory(self.root / task_root(job, task))

    def make(self) -> None:
        for path in (self.applications, self.mounts, self.shared, self.cache, self.root / "workitems"):
            path.mkdir(parents=True, exist_ok=True)
