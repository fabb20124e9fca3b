"""Starts the agents of all nodes, sends them commands, receives their reports and notices their ends.

`NodeAgents` is the scheduler's `Agents`: no call waits, and reports come back as changes of the loop.
"""

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol

import orjson

from shoal.local.children import Child, spawn
from shoal.local.node import keeper, leftovers
from shoal.local.node.control_groups import ControlGroups
from shoal.local.node.directories import NodeDirectory

log = logging.getLogger(__name__)

STARTS_AT_A_TIME = 4
"""Agents that come up together; more would only take the processors from requests."""
PATIENCE = 10.0
"""Seconds for agents to end their tasks and themselves."""


class Listener(Protocol):
    """The receiver of the agents' reports and ends."""

    def on_report(self, node: str, boots: int, report: dict[str, Any]) -> None: ...
    def on_gone(self, node: str, boots: int) -> None: ...


class NodeAgents:
    def __init__(self, *, root: Path, listener: Listener, groups: ControlGroups) -> None:
        """`root` is the folder in which each node has its own, named by its id."""
        self.root = root
        self.groups = groups
        self.listener = listener
        self.path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
        """Nodes find the service's own Python first, whatever the machine calls `python3`."""
        self.surroundings: dict[str, Any] = {}
        """Endpoints and keys, which every setup holds and the scheduler does not know."""
        self.agents: dict[str, Child] = {}
        self.unsent: dict[str, list[bytes]] = {}
        """Commands to agents whose processes are still being made."""
        self.stopping: set[str] = set()
        self.closed = False
        """Set when all is stopped: agents whose processes are still being made then end at once."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.starts = asyncio.Semaphore(STARTS_AT_A_TIME)

    def directory(self, node: str) -> Path:
        return self.root / node

    def start(self, node: str, boots: int, setup: dict[str, Any]) -> None:
        # Before the setup is sent: it becomes the first line that the agent reads.
        self.unsent[node] = []
        self.send(node, {"setup": {**setup, **self._surroundings(node, setup["account"])}})
        self._keep(self._accompany(node, boots))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside the rest; the event loop itself holds its tasks only weakly."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _surroundings(self, node: str, account: str) -> dict[str, Any]:
        return {
            "path": self.path,
            "account_url": f"{self.surroundings['batch_url']}/{account}",
            "storage": {"endpoint": self.surroundings["blob_url"], "keys": self.surroundings["keys"]},
            "trust": self.surroundings["trust"],
            "identity_host": self.surroundings["identity_host"](node),
            "task_users": self.surroundings["task_users"],
        }

    def learn_keys(self, keys: dict[str, str]) -> None:
        """Send the keys of new storage accounts to every agent."""
        self.surroundings["keys"] = keys
        # Also to agents that are being made: their setups hold the earlier keys.
        for node in [*self.agents, *self.unsent]:
            self.send(node, {"keys": keys})

    def upload_again(self, moment: float) -> None:
        """Have every agent upload again what it has uploaded since a moment, in seconds since 1970."""
        for node in self.agents:
            self.send(node, {"upload_again": moment})

    def send(self, node: str, command: dict[str, Any]) -> None:
        """Send a command to the node's agent. An agent that is gone gets nothing; `_accompany` reports its end."""
        line = orjson.dumps(command, option=orjson.OPT_APPEND_NEWLINE)
        if node in self.unsent:
            self.unsent[node].append(line)
        elif agent := self.agents.get(node):
            agent.write(line)

    def stop(self, node: str) -> None:
        """Close the agent's input, which ends its tasks and itself, and delete the node's files after it."""
        self.stopping.add(node)
        if agent := self.agents.get(node):
            agent.close()
        elif node not in self.unsent:
            self._keep(asyncio.to_thread(self._clean_up, node, self.directory(node), swept=True))

    def close(self, node: str) -> None:
        """Close the agent's input, which ends its tasks and itself. The node keeps its files."""
        if agent := self.agents.get(node):
            agent.close()

    def wipe(self, node: str) -> None:
        """Close the agent's input as `close` does, and delete the node's files after it."""
        # Only while there is an agent: the mark would end the node's next one.
        if node in self.agents:
            self.stop(node)

    async def sweep(self) -> None:
        """End what an earlier service has left running, before nodes start again in the same directories."""
        swept = await asyncio.to_thread(self.groups.end_all)
        # Also where there are groups: the earlier service may have been one that had none.
        if not (await asyncio.to_thread(leftovers.end_processes, self.root) and swept):
            log.error("some processes of the nodes of an earlier service cannot be ended")
        await asyncio.to_thread(self.groups.open)

    async def stop_all(self) -> None:
        """End every agent, by force where it takes too long; nodes keep their files."""
        self.closed = True
        for agent in self.agents.values():
            agent.close()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=PATIENCE)
        # Those that have ended meanwhile are no longer in `agents`. A keeper kills its agent, and then what is left.
        for agent in self.agents.values():
            agent.process.terminate()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.to_thread(self.groups.close)

    async def _accompany(self, node: str, boots: int) -> None:
        """Start an agent, pass on its reports, and tell the listener when it has ended, in whatever way."""
        directory, swept = self.directory(node), False
        try:
            async with self.starts:
                begun = None if self._is_unwanted(node) else await self._begin(node, directory)
            swept = begun is None or await self._hear(node, boots, *begun)
        except OSError:
            log.exception("the agent of node %s could not be started or heard", node)
        self.agents.pop(node, None)
        self.unsent.pop(node, None)
        await asyncio.to_thread(self._clean_up, node, directory, swept=swept)
        # Last: the listener may start the node's next agent, in the same directory.
        self.listener.on_gone(node, boots)

    async def _begin(self, node: str, directory: Path) -> tuple[Child, bytes | None]:
        """Start the node's agent and return it once it has come up, with its first report, or with None at its end."""
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        # Beside the directory, where task users may pass.
        self._log(node).touch()
        self._log(node).chmod(0o600)
        members = await asyncio.to_thread(self.groups.members, node)
        agent = await spawn(_keeper(directory, members), log=self._log(node), heard=True)
        self._greet(node, agent)
        return agent, await anext(agent.lines(), None)

    async def _hear(self, node: str, boots: int, agent: Child, first: bytes | None) -> bool:
        """Pass on the agent's reports until its output ends. Return True where nothing of its node is left then."""
        if first is not None:
            self.listener.on_report(node, boots, orjson.loads(first))
            async for line in agent.lines():
                self.listener.on_report(node, boots, orjson.loads(line))
        # If it still runs, this ends it.
        agent.close()
        return await agent.wait() == keeper.NOTHING_LEFT

    def _is_unwanted(self, node: str) -> bool:
        return self.closed or node in self.stopping

    def _greet(self, node: str, agent: Child) -> None:
        self.agents[node] = agent
        for line in self.unsent.pop(node):
            agent.write(line)
        # Stopped while its process was being made, when there was nothing to close yet.
        if self._is_unwanted(node):
            agent.close()

    def _log(self, node: str) -> Path:
        return self.root / f"{node}.log"

    def _clean_up(self, node: str, directory: Path, *, swept: bool) -> None:
        # Before the files go: the processes might make new ones.
        emptied = self.groups.end(node)
        if not (swept or leftovers.end_processes(directory)) or not emptied:
            log.error("some processes of node %s cannot be ended", node)
        if node in self.stopping:
            self.stopping.discard(node)
            shutil.rmtree(directory, ignore_errors=True)
            self._log(node).unlink(missing_ok=True)
            shutil.rmtree(NodeDirectory(directory).logins, ignore_errors=True)


def _keeper(directory: Path, members: Path | None) -> list[str]:
    """Return the command that runs a node's agent, without what only larger programs need."""
    group = [] if members is None else [str(members)]
    return [sys.executable, "-I", "-S", str(Path(keeper.__file__)), str(directory), *group]
