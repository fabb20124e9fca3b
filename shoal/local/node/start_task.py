"""The start task, which a node runs before it takes tasks.

Source: REST reference, StartTask; node states as in "Nodes and pools": with waitForSuccess the node waits in
`waitingforstarttask` and ends in `starttaskfailed` where the task fails; without, it takes tasks beside it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from shoal.local import times
from shoal.local.node import containers, resource_files
from shoal.local.node.blob_transfer import Blobs
from shoal.local.node.directories import NodeDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.launch import launch
from shoal.local.node.messages import USUAL_USER, Container, Setup, container_message
from shoal.local.node.registry_logins import RegistryLogins
from shoal.local.node.task_environment import task_environment
from shoal.local.node.task_users import NodeUsers
from shoal.local.store.states import NodeState, StartTaskState, TaskResult


class Host(Protocol):
    """The part of an agent that a start task needs."""

    directory: NodeDirectory
    environment: dict[str, str]
    setup: Setup
    blobs: Blobs
    logins: RegistryLogins
    users: NodeUsers
    processes: dict[int, Callable[[int], None]]

    def in_background(self, work: Callable[[], Any], then: Callable[[Any, TaskFault | None], None]) -> None: ...
    def report(self, **message: Any) -> None: ...


class StartTask:
    def __init__(self, agent: Host, definition: dict[str, Any]) -> None:
        self.agent = agent
        self.definition = definition
        user = agent.users.of(definition.get("userIdentity", USUAL_USER), 0)
        self.directory = replace(agent.directory.startup, user=user, is_shared=True)
        self.waits = definition.get("waitForSuccess", True)
        self.retry_count = 0
        self.last_retry: str | None = None

    def begin(self) -> None:
        self.started = _now()
        self.directory.make()
        self.agent.report(
            state=NodeState.WAITING_FOR_START_TASK if self.waits else NodeState.IDLE, start_task=self._running()
        )
        files = self.definition.get("resourceFiles", [])
        self.agent.in_background(
            lambda: resource_files.fetch(files, self.directory.working, self.agent.blobs),
            lambda _, fault: self._launch(fault),
        )

    def _launch(self, fault: TaskFault | None) -> None:
        environment = task_environment(
            self.agent.environment,
            path=self.agent.setup.path,
            directory=self.directory,
            user=self.definition.get("userIdentity", USUAL_USER),
            job=None,
            task=None,
        )
        settings = {s["name"]: s.get("value", "") for s in self.definition.get("environmentSettings", ())}
        try:
            if fault is not None:
                raise fault
            pid = self._start(environment | settings, settings)
        except TaskFault as exc:
            # Not retried: only an exit code is.
            self._finish(None, exc.info)
            return
        self.agent.processes[pid] = self._after_exit

    def _start(self, environment: dict[str, str], settings: dict[str, str]) -> int:
        """Start the command, in a container where the definition asks for one. Raises TaskFault."""
        command: str = self.definition["commandLine"]
        if (container := self.definition.get("containerSettings")) is None:
            return launch(command, environment, self.directory)
        return containers.start(
            Container(**container_message(container)),
            command=command,
            # Another one for each run: the engine may still be removing the last.
            name=f"{self.agent.setup.node}-start-{self.retry_count}",
            node=self.agent.directory,
            directory=self.directory,
            environment=environment,
            settings=settings,
            logins=self.agent.logins,
        )

    def _after_exit(self, code: int) -> None:
        retries = self.definition.get("maxTaskRetryCount", 0)
        if code != 0 and (retries == -1 or self.retry_count < retries):
            self.retry_count += 1
            self.last_retry = _now()
            # In the directory as it is: resource files are not fetched again.
            self._launch(None)
            return
        message = "The start task exited with an exit code representing a failure"
        self._finish(code, None if code == 0 else TaskFault("FailureExitCode", message).info)

    def _finish(self, code: int | None, failure: dict[str, Any] | None) -> None:
        info = self._running() | {
            "state": StartTaskState.COMPLETED,
            "endTime": _now(),
            "result": TaskResult.FAILURE if failure else TaskResult.SUCCESS,
        }
        if code is not None:
            info["exitCode"] = code
        if failure is not None:
            info["failureInfo"] = failure
        if not self.waits:
            # Without a state: the node may be running tasks by now.
            self.agent.report(start_task=info)
        else:
            state = NodeState.START_TASK_FAILED if failure else NodeState.IDLE
            self.agent.report(state=state, start_task=info)

    def _running(self) -> dict[str, Any]:
        retried = {} if self.last_retry is None else {"lastRetryTime": self.last_retry}
        return {"state": StartTaskState.RUNNING, "startTime": self.started, "retryCount": self.retry_count, **retried}


def _now() -> str:
    return times.iso(times.now())
