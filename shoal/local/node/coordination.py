"""The coordination command of a multi-instance task on one of its nodes, and what it leaves running.

The command has to end; processes that it has started in the background go on until the task ends.
Source: "Use multi-instance tasks to run MPI applications in Batch". The common resource files land in the task's
directory, and the command works in the `wd` below (Azure-Samples/azure-batch-samples, issue 226).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from shoal.local import times
from shoal.local.node import leftovers, resource_files
from shoal.local.node.blob_transfer import Blobs
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import CONTINUED, end_group, launch
from shoal.local.node.messages import Instance, UnpackedPackage
from shoal.local.node.package_folders import Packages
from shoal.local.node.run import Run
from shoal.local.node.task_environment import package_environment

PLACEHOLDER = "/bin/sleep 2147483647"
"""Leads the process group of the command: the group then keeps its number while anything is left of it."""

Installed = list[tuple[UnpackedPackage, Path]]


class Host(Protocol):
    """The part of an agent that a coordination needs."""

    blobs: Blobs
    packages: Packages
    processes: dict[int, Callable[[int], None]]

    def in_background(self, work: Callable[[], Any], then: Callable[[Any, TaskFault | None], None]) -> None: ...
    def report(self, **message: Any) -> None: ...
    def launch_run(self, run: Run, installed: Installed, fault: TaskFault | None) -> None: ...
    def end_run(self, run: Run, code: int | None, fault: TaskFault | None) -> None: ...


class Coordination:
    def __init__(self, agent: Host, run: Run, instance: Instance) -> None:
        self.agent = agent
        self.run = run
        self.instance = instance
        self.installed: Installed = []
        self.group: int | None = None
        """The process group of the command and of what it has left running."""
        self.waiting = False
        """The command has ended well, and the service has not said how to go on."""

    def begin(self) -> None:
        self.agent.in_background(self._fetch, self._launch)

    def proceed(self) -> None:
        """Run the task's own command: this is the primary, and every node has been coordinated."""
        # Unless the run has been ended meanwhile.
        if self.waiting:
            self.waiting = False
            files, working = self.run.assignment.resource_files, self.run.directory.working
            self.agent.in_background(
                lambda: resource_files.fetch(files, working, self.agent.blobs),
                lambda _, fault: self.agent.launch_run(self.run, self.installed, fault),
            )

    def on_cut_short(self) -> None:
        """End a run that nothing else would end, since none of its processes is waited for."""
        if self.waiting:
            self.waiting = False
            self._end(None, None)

    def clear(self, then: Callable[[], None]) -> None:
        """End what the command has left running, also outside of its process group."""
        if self.group is not None:
            end_group(self.group)
        folder = self.run.directory.path
        self.agent.in_background(lambda: leftovers.end_task_processes(folder), lambda _, fault: then())

    def _fetch(self) -> Installed:
        run = self.run
        installed = self.agent.packages.install(run.assignment.packages)
        resource_files.fetch(self.instance.resource_files, run.directory.path, self.agent.blobs)
        return installed

    def _launch(self, installed: Installed, fault: TaskFault | None) -> None:
        run = self.run
        if fault is not None or run.ending is not None:
            self.agent.end_run(run, None, fault)
            return
        self.installed = installed
        environment = run.environment | package_environment(installed) | run.assignment.environment
        try:
            self.group = run.pid = launch(PLACEHOLDER, environment, run.directory)
            self.agent.processes[self.group] = self._after_placeholder
            command = self.instance.command_line
            pid = launch(command, environment, run.directory, group=self.group, outputs=CONTINUED)
        except TaskFault as exc:
            self._end(None, exc)
            return
        self.agent.processes[pid] = self._after_exit

    def _after_exit(self, code: int) -> None:
        if code != 0 or self.run.ending is not None:
            self._end(code, None)
            return
        self.waiting = True
        self.agent.report(coordinated=[*self.run.id, times.now()])

    def _after_placeholder(self, code: int) -> None:
        # The number may belong to other processes soon.
        self.group = None

    def _end(self, code: int | None, fault: TaskFault | None) -> None:
        self.run.pid = None
        self.agent.end_run(self.run, code, fault)
