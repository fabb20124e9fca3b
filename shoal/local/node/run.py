"""One run of a task on this node, from its assignment to the report of its end."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from shoal.local.node.directories import NodeDirectory, TaskDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import end_group
from shoal.local.node.messages import Assignment
from shoal.local.node.task_users import NodeUsers


@dataclass(slots=True, kw_only=True)
class Run:
    assignment: Assignment
    directory: TaskDirectory = field(init=False)
    environment: dict[str, str] = field(default_factory=dict)
    deadline: float = math.inf
    """On the monotonic clock."""
    pid: int | None = None
    retention: float | None = field(init=False)
    """Seconds that the directory is kept after the end; None is without limit."""
    vacated: bool = False
    """It holds no slots any more: its process has ended, and its files are being uploaded."""
    ending: dict[str, Any] | None = None
    """The failureInfo with which it was ended before its time."""

    def __post_init__(self) -> None:
        self.retention = self.assignment.retention

    @property
    def id(self) -> tuple[int, int]:
        return self.assignment.key, self.assignment.attempt

    def begin(self, node: NodeDirectory, users: NodeUsers) -> None:
        assignment = self.assignment
        user = users.of(assignment.user, assignment.key)
        # Other tasks of the job see the directory of its job preparation task.
        self.directory = node.task(assignment.job, assignment.task, user, is_shared=assignment.key < 0)
        self.directory.make()
        if self.assignment.max_wall_clock_time is not None:
            self.deadline = time.monotonic() + self.assignment.max_wall_clock_time

    def end(self, code: str, message: str) -> None:
        """Kill its processes; where there are none yet, none will be started."""
        self.ending = TaskFault(code, message).info
        if self.pid is not None:
            end_group(self.pid)
