"""The agents of simulated nodes: one agenda of moments at which something ends, and one timer for all of them.

To the scheduler they are agents like others: they get its commands, and report states and ends of runs. What a node
does follows from the seed, the node's key and its boots, or from the task and its attempt.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.simulated_names import VARIABLE
from shoal.local import times
from shoal.local.node.agents import Listener
from shoal.local.node.failure_info import TaskFault
from shoal.local.simulation import pool_clock
from shoal.local.store.states import NodeState, StartTaskState, TaskResult

if TYPE_CHECKING:
    from shoal.autoscale.simulation.simulated_pool import SimulatedPool

TICK = 0.04
"""Seconds between two looks at the agenda."""
MOST_A_TICK = 100
"""Events that are reported together: more would keep requests waiting while they are applied."""
SHARE_OF_THE_MACHINE = 0.75
"""Part of a boot after which the machine is there and the node is `starting`."""

OVERDUE = "The task ran longer than its maxWallClockTime"

RunId = tuple[int, int]
"""Key and attempt of a task. Keys below zero are those of job preparation and release tasks."""


class Event(NamedTuple):
    moment: int
    order: int
    """Makes events of one moment comparable."""
    happen: Callable[[], None]


def machine_time(simulation: "SimulatedPool", key: int, boots: int) -> int:
    """Return the microseconds until the machine of a node is there for the start of this number."""
    boot = simulation.draw(simulation.boot, _subject(key, boots))
    return pool_clock.real(simulation, boot * SHARE_OF_THE_MACHINE)


def absence(simulation: "SimulatedPool", key: int, boots: int) -> int:
    """Return the microseconds until an evicted node comes back, its boot included."""
    restore = simulation.draw(simulation.restore, f"restore {_subject(key, boots)}")
    return pool_clock.real(simulation, restore) + machine_time(simulation, key, boots + 1)


def _subject(key: int, boots: int) -> str:
    return f"node {key} {boots}"


@dataclass(slots=True)
class SimulatedNode:
    id: str
    boots: int
    key: int
    dedicated: bool
    simulation: "SimulatedPool"
    start_task: dict[str, Any] | None
    start_task_fails: bool
    booted: int | None = None
    """When it has booted, of a node that an earlier service has left at work."""
    started: int = 0
    """When its start task has begun."""
    runs: dict[RunId, dict[str, Any]] = field(default_factory=dict)
    """Assignments of the runs that have not ended."""

    @property
    def subject(self) -> str:
        return _subject(self.key, self.boots)


class SimulatedNodes:
    def __init__(self, *, listener: Listener, evict: Callable[[str, int], None]) -> None:
        """`evict` takes the Spot node away that has this id and number of boots."""
        self.listener = listener
        self.evict = evict
        self.nodes: dict[str, SimulatedNode] = {}
        self.agenda: list[Event] = []
        self.planned = 0
        self.ended: defaultdict[tuple[str, int], list[list[Any]]] = defaultdict(list)
        """Ends of this tick, by node and boots."""
        self.timer: asyncio.TimerHandle | None = None
        self.closed = False

    def start(self, node_id: str, boots: int, setup: dict[str, Any]) -> None:
        node = SimulatedNode(node_id, boots, **setup)
        self.nodes[node_id] = node
        rest = node.simulation.draw(node.simulation.boot, node.subject) * (1 - SHARE_OF_THE_MACHINE)
        if node.booted is not None:
            if not node.dedicated:
                self._await_eviction(node, since=node.booted + pool_clock.real(node.simulation, rest))
            return
        self._report(node, {"state": NodeState.STARTING})
        self._later(node, rest, self._begin)

    def send(self, node_id: str, command: dict[str, Any]) -> None:
        node = self.nodes.get(node_id)
        if node is None:
            return
        match command:
            case {"run": assignments}:
                for assignment in assignments:
                    self._run(node, assignment)
            case {"proceed": [key, attempt]}:
                if (proceeding := node.runs.get((key, attempt))) is not None:
                    self._execute(node, proceeding, limit=None)
            case {"kill": runs}:
                for key, attempt in runs:
                    if (key, attempt) in node.runs:
                        self._end(node, (key, attempt), None, "The task was ended by request")
            case _:
                # Storage keys, files and logs: there are none here.
                pass

    def stop(self, node_id: str) -> None:
        """End the node, and tell the listener afterwards, as for the end of a process."""
        if (node := self.nodes.pop(node_id, None)) is not None:
            self._plan(times.now(), lambda: self.listener.on_gone(node.id, node.boots))

    close = stop
    wipe = stop

    def stop_all(self) -> None:
        self.closed = True
        if self.timer is not None:
            self.timer.cancel()

    def _begin(self, node: SimulatedNode) -> None:
        """Take up work when the node has booted, after its start task."""
        if not node.dedicated:
            self._await_eviction(node)
        if node.start_task is None:
            self._report(node, {"state": NodeState.IDLE})
            return
        node.started = times.now()
        state = NodeState.WAITING_FOR_START_TASK if _waits(node) else NodeState.IDLE
        self._report(node, {"state": state, "start_task": _running(node)})
        seconds = node.simulation.draw(node.simulation.start_task, f"start task {node.subject}")
        self._later(node, seconds, self._end_start_task)

    def _end_start_task(self, node: SimulatedNode) -> None:
        info = _completed(node)
        if not _waits(node):
            self._report(node, {"start_task": info})
        else:
            state = NodeState.START_TASK_FAILED if node.start_task_fails else NodeState.IDLE
            self._report(node, {"state": state, "start_task": info})

    def _await_eviction(self, node: SimulatedNode, *, since: int | None = None) -> None:
        seconds = node.simulation.time_to_eviction(f"eviction {node.subject}")
        if seconds is not None:
            self._later(node, seconds, lambda lost: self.evict(lost.id, lost.boots), since=since)

    def _run(self, node: SimulatedNode, assignment: dict[str, Any]) -> None:
        """Begin a run: with the coordination command where it is one instance of several, else with its own command."""
        run, limit = _run_id(assignment), assignment["max_wall_clock_time"]
        node.runs[run] = assignment
        if "instance" not in assignment:
            self._execute(node, assignment, limit=limit)
            return
        # The time limit counts from here, and holds for both commands.
        if limit is not None:
            self._later(node, limit, lambda _: self._end(node, run, None, OVERDUE))
        self._later(node, _coordination_time(node.simulation, assignment), lambda _: self._coordinated(node, run))

    def _coordinated(self, node: SimulatedNode, run: RunId) -> None:
        """Report the end of a coordination command; the primary then goes on at the service's word."""
        if run in node.runs:
            self._report(node, {"coordinated": [*run, times.now()]})

    def _execute(self, node: SimulatedNode, assignment: dict[str, Any], *, limit: float | None) -> None:
        """Let the command of a task run for a drawn time, or until a limit in virtual seconds."""
        run, since = _run_id(assignment), assignment.get("started")
        try:
            seconds, code = self._drawn(node, assignment)
        except InputFault as fault:
            failure = TaskFault("CommandLaunchFailed", f"The run could not be simulated: {fault}").info
            self._later(node, 0, lambda _: self._end_run(node, run, None, failure))
        else:
            if limit is not None and limit < seconds:
                self._later(node, limit, lambda _: self._end(node, run, None, OVERDUE), since=since)
            else:
                self._later(node, seconds, lambda _: self._end_run(node, run, code, None), since=since)

    def _drawn(self, node: SimulatedNode, assignment: dict[str, Any]) -> tuple[float, int]:
        """Return the virtual seconds and the exit code of a run. Raises InputFault."""
        simulation, task = node.simulation, assignment["task"]
        subject = f"task {task} {assignment['attempt']}"
        if assignment["key"] < 0:
            return simulation.draw(simulation.start_task, subject), 0
        return simulation.run(assignment["environment"].get(VARIABLE), subject)

    def _end(self, node: SimulatedNode, run: RunId, code: int | None, message: str) -> None:
        self._end_run(node, run, code, TaskFault("TaskEnded", message).info)

    def _end_run(self, node: SimulatedNode, run: RunId, code: int | None, failure: dict[str, Any] | None) -> None:
        # Killed meanwhile.
        if run not in node.runs:
            return
        del node.runs[run]
        self.ended[node.id, node.boots].append([*run, times.now(), code, failure])
        self._set_timer()

    def _report(self, node: SimulatedNode, report: dict[str, Any]) -> None:
        self.listener.on_report(node.id, node.boots, report)

    def _later(
        self,
        node: SimulatedNode,
        seconds: float,
        happen: Callable[[SimulatedNode], None],
        *,
        since: int | None = None,
    ) -> None:
        """Do this after so many virtual seconds, from now or an earlier moment, unless the node has ended by then."""

        def unless_ended() -> None:
            if self.nodes.get(node.id) is node:
                happen(node)

        begin = times.now() if since is None else since
        self._plan(begin + pool_clock.real(node.simulation, seconds), unless_ended)

    def _plan(self, moment: int, happen: Callable[[], None]) -> None:
        self.planned += 1
        heappush(self.agenda, Event(moment, self.planned, happen))
        self._set_timer()

    def _set_timer(self) -> None:
        if self.timer is None and not self.closed:
            self.timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        """Let happen what is due by now, up to a number, and report it."""
        self.timer = None
        now = times.now()
        for _ in range(MOST_A_TICK):
            if not self.agenda or self.agenda[0].moment > now:
                break
            heappop(self.agenda).happen()
        for (node_id, boots), ended in self.ended.items():
            self.listener.on_report(node_id, boots, {"ended": ended})
        self.ended.clear()
        if self.agenda:
            self._set_timer()


def _run_id(assignment: dict[str, Any]) -> RunId:
    return assignment["key"], assignment["attempt"]


def _coordination_time(simulation: "SimulatedPool", assignment: dict[str, Any]) -> float:
    """Return the virtual seconds of the coordination command of one instance."""
    number = assignment["instance"]["number"]
    return simulation.draw(simulation.start_task, f"coordination {number} {assignment['task']} {assignment['attempt']}")


def _waits(node: SimulatedNode) -> bool:
    return node.start_task is None or bool(node.start_task.get("waitForSuccess", True))


def _running(node: SimulatedNode) -> dict[str, Any]:
    return {"state": StartTaskState.RUNNING, "startTime": times.iso(node.started), "retryCount": 0}


def _completed(node: SimulatedNode) -> dict[str, Any]:
    info = _running(node) | {"state": StartTaskState.COMPLETED, "endTime": times.iso(times.now())}
    if not node.start_task_fails:
        return info | {"exitCode": 0, "result": TaskResult.SUCCESS}
    message = "The start task exited with an exit code representing a failure"
    failure = TaskFault("FailureExitCode", message).info
    return info | {"exitCode": 1, "result": TaskResult.FAILURE, "failureInfo": failure}
