"""The agent's loop: one thread starts and reaps processes; transfers run in others and come back as calls.

setup → packages → start task → idle;   for each task: prepare → run → upload → report
"""

import contextlib
import os
import selectors
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from shoal.local.node import containers, messages, output_files, resource_files
from shoal.local.node.blob_transfer import TRANSFERS, Blobs
from shoal.local.node.coordination import Coordination
from shoal.local.node.directories import NodeDirectory, task_root
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import CONTINUED, NEW, end_group, exit_code, launch
from shoal.local.node.package_folders import Packages
from shoal.local.node.recent_uploads import RecentUploads
from shoal.local.node.registry_logins import RegistryLogins
from shoal.local.node.retention import Kept, Retention
from shoal.local.node.run import Run
from shoal.local.node.start_task import StartTask
from shoal.local.node.task_environment import (
    instance_environment,
    node_environment,
    package_environment,
    preparation_environment,
    task_environment,
)
from shoal.local.node.task_users import NodeUsers
from shoal.local.store.states import NodeState

SERVICE_IN, SERVICE_OUT = 0, 1
LONGEST_SLEEP = 60.0
"""Seconds. Runs without a time limit have an infinite deadline, for which `select` cannot wait."""
MOST_VACATED = 16
"""Runs whose files are uploaded while others have their slots. More would only lengthen a queue for storage."""


class Agent:
    def __init__(self, *, root: Path) -> None:
        self.directory = NodeDirectory(root)
        self.runs: dict[tuple[int, int], Run] = {}
        self.successors: dict[int, Run] = {}
        """Runs that wait for the end of an earlier one of their task here, by the task's key."""
        self.coordinations: dict[tuple[int, int], Coordination] = {}
        """Coordination commands of multi-instance tasks, by run."""
        self.processes: dict[int, Callable[[int], None]] = {}
        """The function that takes the exit code, by process."""
        self.ended: list[list[Any]] = []
        self.vacated: list[tuple[int, int]] = []
        self.kept: list[Kept] = []
        """Directories of runs that have ended since the last report."""
        self.retention = Retention(root=root, folder=self.directory.retention)
        self.finished_work: deque[Callable[[], None]] = deque()
        self.recent_uploads = RecentUploads()
        self.transfers = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="transfer")
        self.unread = b""

    def run(self) -> None:
        """Serve until the service ends the connection; then end every process."""
        self.wake_reader, self.wake_writer = os.pipe()
        # set_wakeup_fd takes no other descriptor, and draining must not wait for more.
        for end in (self.wake_reader, self.wake_writer):
            os.set_blocking(end, False)
        # An empty handler, since only signals with a handler of Python's write to the wakeup descriptor.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake_writer, warn_on_full_buffer=False)
        # Only the end of its input ends an agent: on Ctrl-C the service ends its agents in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        selector = selectors.DefaultSelector()
        selector.register(SERVICE_IN, selectors.EVENT_READ, self._read_commands)
        selector.register(self.wake_reader, selectors.EVENT_READ, self._drain_wakeups)
        try:
            while True:
                for key, _ in selector.select(self._sleep()):
                    key.data()
                # After the wakeups are drained: what comes in from here on wakes the next `select` again.
                while self.finished_work:
                    self.finished_work.popleft()()
                self._reap()
                self._end_overdue()
                self._delete_unretained()
                self._flush()
        except (EOFError, ConnectionError):
            for group in self.processes:
                end_group(group)
            # Not sys.exit: it would wait for transfers in flight, whose tasks nobody waits for any more.
            os._exit(0)

    def in_background(self, work: Callable[[], Any], then: Callable[[Any, TaskFault | None], None]) -> None:
        """Do `work` in a thread, then call `then` in the agent's own thread with the result or the TaskFault."""

        def job() -> None:
            result, fault = None, None
            try:
                result = work()
            except TaskFault as exc:
                fault = exc
            except Exception as exc:  # noqa: BLE001 - any failure must end the task
                fault = TaskFault("Unknown", f"{type(exc).__name__}: {exc}", server=True)
            self.finished_work.append(lambda: then(result, fault))
            # A full pipe wakes the loop as well.
            with contextlib.suppress(BlockingIOError):
                os.write(self.wake_writer, b"\0")

        self.transfers.submit(job)

    def report(self, **message: Any) -> None:
        """Write one line to the service. Raises ConnectionError where it is gone."""
        line = orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
        while line:
            line = line[os.write(SERVICE_OUT, line) :]

    def _read_commands(self) -> None:
        received = os.read(SERVICE_IN, 1 << 20)
        if not received:
            raise EOFError
        *lines, self.unread = (self.unread + received).split(b"\n")
        for line in lines:
            self._obey(orjson.loads(line))

    def _obey(self, command: dict[str, Any]) -> None:
        match command:
            case {"setup": setup}:
                self._set_up(messages.setup_from(setup))
            case {"run": assignments}:
                for assignment in assignments:
                    self._take(Run(assignment=messages.assignment_from(assignment)))
            case {"kill": runs}:
                for key, attempt in runs:
                    self._kill((key, attempt))
            case {"keys": keys}:
                # In place: `Blobs` and the transfers in flight read the same mapping.
                self.setup.storage.keys.update(keys)
            case {"forget": [job, task]}:
                forgotten = self.directory.job(job) if task is None else self.directory.task(job, task).path
                shutil.rmtree(forgotten, ignore_errors=True)
            case {"retain": [key, attempt, seconds]}:
                if run := self.runs.get((key, attempt)):
                    run.retention = seconds
            case {"proceed": [key, attempt]}:
                if coordination := self.coordinations.get((key, attempt)):
                    coordination.proceed()
            case {"upload_log": {"url": url, "identity": identity, "folder": folder}}:
                self.in_background(lambda: self._upload_log(url, identity, folder), lambda _, fault: None)
            case {"upload_again": moment}:
                for again in self.recent_uploads.since(moment):
                    self.in_background(again, lambda _, fault: None)
            case _:
                raise ValueError(f"the service sent a command that this agent does not know: {list(command)}")

    def _upload_log(self, url: str, identity: dict[str, Any] | None, folder: str) -> None:
        """Upload the agent's own log, which the service keeps beside the node. Nobody is told where it fails."""
        log = self.directory.log
        self.blobs.upload(self.blobs.signed(url, identity), f"{folder}/{log.name}", log, {})

    def _set_up(self, setup: messages.Setup) -> None:
        self.setup = setup
        self.users = NodeUsers.of_setup(setup)
        self.directory.make(self.users.first)
        self.retention.take_up()
        self.blobs = Blobs(setup, self.directory.cache)
        self.packages = Packages(self.directory.applications, self.blobs)
        self.logins = RegistryLogins(folder=self.directory.logins, registries=setup.registries)
        self.environment = node_environment(setup, self.directory)
        self.report(state=NodeState.STARTING)
        if setup.packages or _runs_containers(setup):
            self.in_background(lambda: self._install(setup), self._start_work)
        else:
            self._start_work([], None)

    def _install(self, setup: messages.Setup) -> list[tuple[messages.UnpackedPackage, Path]]:
        if _runs_containers(setup):
            containers.prepare(setup.node, setup.images or (), self.logins)
        return self.packages.install(setup.packages)

    def _start_work(self, installed: list[tuple[messages.UnpackedPackage, Path]], fault: TaskFault | None) -> None:
        """The pool's packages are in place: run the start task, if there is one, and take tasks."""
        if fault is not None:
            details = fault.info["details"]
            error = {"code": fault.info["code"], "message": fault.info["message"], "errorDetails": details}
            self.report(state=NodeState.UNUSABLE, errors=[error])
            return
        self.environment |= package_environment(installed)
        if self.setup.start_task is None:
            self.report(state=NodeState.IDLE)
        else:
            StartTask(self, self.setup.start_task).begin()

    def _take(self, run: Run) -> None:
        """Begin a run, once an earlier one of its task has left the directory that they share."""
        key = run.assignment.key
        if any(earlier == key for earlier, _ in self.runs):
            self.successors[key] = run
        else:
            self._prepare(run)

    def _prepare(self, run: Run) -> None:
        """Directories, then packages and resource files in the background, then the process."""
        self.runs[run.id] = run
        try:
            run.begin(self.directory, self.users)
        except OSError as exc:
            message = f"The task's directory could not be made: {exc.strerror}"
            self.end_run(run, None, TaskFault("ResourceDirectoryCreateFailed", message, server=True))
            return
        assignment = run.assignment
        name = assignment.user.get("username")
        if name is not None and name not in self.setup.users:
            message = "The userAccounts of the pool declare no user with the name in the task's userIdentity"
            self.end_run(run, None, TaskFault("UserNotFound", message, UserName=name))
            return
        run.environment = task_environment(
            self.environment,
            path=self.setup.path,
            directory=run.directory,
            user=assignment.user,
            job=assignment.job,
            task=assignment.task,
        )
        if assignment.job_preparation is not None:
            prepared = self.directory.task(assignment.job, assignment.job_preparation)
            run.environment |= preparation_environment(prepared)
        if assignment.instance is not None:
            run.environment |= instance_environment(assignment.instance, run.directory)
            self.coordinations[run.id] = Coordination(self, run, assignment.instance)
            self.coordinations[run.id].begin()
            return
        if not assignment.packages and not assignment.resource_files:
            self.launch_run(run, [], None)
            return

        def fetch() -> list[tuple[messages.UnpackedPackage, Path]]:
            installed = self.packages.install(assignment.packages)
            resource_files.fetch(assignment.resource_files, run.directory.working, self.blobs)
            return installed

        self.in_background(fetch, lambda installed, fault: self.launch_run(run, installed, fault))

    def launch_run(
        self, run: Run, installed: list[tuple[messages.UnpackedPackage, Path]], fault: TaskFault | None
    ) -> None:
        # With `ending`, the run was ended while its files were fetched.
        if fault is not None or run.ending is not None:
            self.end_run(run, None, fault)
            return
        # The settings last: they win over every variable of the agent's own.
        run.environment = run.environment | package_environment(installed) | run.assignment.environment
        try:
            run.pid = self._start(run)
        except TaskFault as exc:
            self.end_run(run, None, exc)
            return
        self.processes[run.pid] = lambda code: self._after_exit(run, code)

    def _start(self, run: Run) -> int:
        """Start the process of a run, in a container where it asks for one, and return its id. Raises TaskFault."""
        assignment = run.assignment
        if assignment.container is None:
            # A coordination command may have written to the same files before.
            outputs = NEW if assignment.instance is None else CONTINUED
            return launch(assignment.command_line, run.environment, run.directory, outputs=outputs)
        return containers.start(
            assignment.container,
            command=assignment.command_line,
            name=self._container(run),
            node=self.directory,
            directory=run.directory,
            environment=run.environment,
            settings=assignment.environment,
            logins=self.logins,
        )

    def _container(self, run: Run) -> str:
        """Return the name of a run's container, which no other node of any service uses."""
        return f"{self.setup.node}-{run.assignment.key}-{run.assignment.attempt}"

    def _after_exit(self, run: Run, code: int) -> None:
        """Upload what the task left, then report its end; a killed task leaves nothing."""
        # The number may belong to another process soon, which `end` must not kill while outputs are uploaded.
        run.pid = None
        if run.ending and run.assignment.container is not None:
            # Only the engine's command has been killed.
            name = self._container(run)
            self.in_background(lambda: containers.remove([name]), lambda _, fault: self.end_run(run, code, fault))
            return
        due = [] if run.ending else output_files.due(run.assignment.output_files, exit_code=code)
        if not due:
            self.end_run(run, code, None)
            return
        self._vacate(run)
        self.in_background(
            lambda: self._upload(due, run),
            lambda _, fault: self.end_run(run, code, fault),
        )

    def _vacate(self, run: Run) -> None:
        """Let other tasks have the slots of a run from now on, unless too many uploads go on beside them already."""
        # The instances of a multi-instance task keep theirs until all of them have ended.
        if run.assignment.instance is None and sum(one.vacated for one in self.runs.values()) < MOST_VACATED:
            run.vacated = True
            self.vacated.append(run.id)

    def _upload(self, due: list[messages.JsonObject], run: Run) -> None:
        arguments = due, run.directory, run.environment, self.blobs
        output_files.upload(*arguments)
        self.recent_uploads.note(lambda: output_files.upload_missing(*arguments))

    def end_run(self, run: Run, code: int | None, fault: TaskFault | None) -> None:
        if (coordination := self.coordinations.pop(run.id, None)) is not None:
            coordination.clear(lambda: self.end_run(run, code, fault))
            return
        failure = run.ending or (fault.info if fault else None)
        ended = time.time_ns() // 1000
        self.ended.append([*run.id, ended, code, failure])
        assignment = run.assignment
        if run.retention is not None:
            self.kept.append(Kept(task_root(assignment.job, assignment.task), ended, run.retention))
        del self.runs[run.id]
        if (successor := self.successors.pop(assignment.key, None)) is not None:
            self._prepare(successor)

    def _kill(self, run_id: tuple[int, int]) -> None:
        """End a run that the service has completed already; it waits for the report that the slots are free."""
        if run := self.runs.get(run_id):
            self._cut_short(run, "The task was ended by request")
        elif (successor := self.successors.get(run_id[0])) is not None and successor.id == run_id:
            del self.successors[run_id[0]]
            self.runs[run_id] = successor
            self._cut_short(successor, "The task was ended by request")
            self.end_run(successor, None, None)

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for run in list(self.runs.values()):
            if run.deadline <= now and run.ending is None:
                self._cut_short(run, "The task ran longer than its maxWallClockTime")

    def _cut_short(self, run: Run, message: str) -> None:
        run.end("TaskEnded", message)
        if coordination := self.coordinations.get(run.id):
            coordination.on_cut_short()

    def _delete_unretained(self) -> None:
        if moments := self.retention.take_due():
            self.in_background(lambda: self.retention.delete(moments), lambda _, fault: None)

    def _sleep(self) -> float:
        """Return the seconds until the next time limit, or until files are deleted."""
        deadlines = [run.deadline for run in self.runs.values() if run.ending is None]
        until_deletion = self.retention.next_moment - time.time()
        return max(0.0, min([LONGEST_SLEEP, until_deletion, *(limit - time.monotonic() for limit in deadlines)]))

    def _reap(self) -> None:
        """Wait for each of the agent's own processes, not for any: libraries in the threads have children, too."""
        # A copy: an exit may start the next process, as with a retry of the start task.
        for pid in list(self.processes):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                # Whatever the command left running in its group ends with it.
                end_group(pid)
                self.processes.pop(pid)(exit_code(status))

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self.wake_reader, 4096):
                pass

    def _flush(self) -> None:
        if self.vacated:
            self.report(vacated=self.vacated)
            self.vacated = []
        if self.ended:
            self.report(ended=self.ended)
            self.ended = []
            # After the report, so that nobody waits for it.
            self.retention.note(self.kept)
            self.kept = []


def _runs_containers(setup: messages.Setup) -> bool:
    """Return True where a node may have containers of an earlier agent, or images to fetch."""
    return setup.images is not None or "containerSettings" in (setup.start_task or {})
