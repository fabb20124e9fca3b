"""The service as a whole: its database, its loop, its agents and its storage, from start to stop."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from shoal.local import accounts, errors
from shoal.local.disk_reserve import DiskReserve
from shoal.local.disturbances import Disturbances
from shoal.local.identity.node_secret import node_secret
from shoal.local.identity.tokens import ARM_AUDIENCES, OWN_LIFE, Tokens
from shoal.local.node.agents import NodeAgents
from shoal.local.node.control_groups import ControlGroups
from shoal.local.scheduler import (
    auto_pools,
    endings,
    job_lifecycle,
    job_node_tasks,
    job_schedules,
    multi_instance,
    node_lifecycle,
    pool_lifecycle,
    pool_samples,
    scaling,
)
from shoal.local.scheduler.evictions import Evictions
from shoal.local.scheduler.loop import Loop, Transaction
from shoal.local.scheduler.losses import Losses
from shoal.local.scheduler.verdicts import Ending
from shoal.local.simulation import pool_clock
from shoal.local.simulation.machines import Machines
from shoal.local.simulation.simulated_nodes import SimulatedNodes
from shoal.local.state_files import DATABASE, RESERVE, DatabaseFiles
from shoal.local.storage import Storage
from shoal.local.store import free_pages, queries, settings
from shoal.local.store.account import Account
from shoal.local.store.queries import Reader
from shoal.local.store.reading_thread import ReadingThread
from shoal.local.store.states import NodeState

T = TypeVar("T")
log = logging.getLogger(__name__)

HEARTBEAT = 0.1
"""Seconds between checks of what happens by time alone: boots, evictions, samples, evaluations, limits of jobs."""

QUICK_HEARTBEAT = HEARTBEAT / 4
"""Seconds between two beats while a pool is simulated."""

STORAGE_SERVED = "storage_served"
"""Name of the setting: Azurite has made its files."""


class Service:
    def __init__(
        self,
        *,
        state_dir: Path,
        connection: sqlite3.Connection,
        storage: Storage,
        url: str,
        tokens: Tokens,
        client_secret: str,
        trust: Mapping[str, str],
        task_users: int | None = None,
    ) -> None:
        """`url` is `http://127.0.0.1:PORT`, below which each Batch account has its own endpoint, or `https` and so on.

        `trust` holds the environment variables by which nodes trust it, and `task_users` where the numbers of its task
        users begin, if it has such.
        """
        self.url = url
        self.connection = connection
        self.database_files = DatabaseFiles(state_dir)
        self.reading_thread = ReadingThread(state_dir / DATABASE)
        self.storage = storage
        self.fleet = NodeAgents(root=state_dir / "nodes", listener=self, groups=ControlGroups(state_dir))
        self.storage.after_loss = self.fleet.upload_again
        self.reserve = DiskReserve(state_dir / RESERVE)
        self.simulated = SimulatedNodes(listener=self, evict=self.on_evicted)
        machines = Machines(real=self.fleet, simulated=self.simulated)
        self.loop = Loop(connection, machines, pool_lifecycle.settle, give_up_reserve=self.reserve.give_up)
        self.heart: asyncio.Task[None] | None = None
        self.evictions = Evictions()
        self.losses = Losses(self.storage.kill)
        self.disturbances = Disturbances(connection)
        self.stopping = False
        self.tokens = tokens
        self.client_secret = client_secret
        self.arm_token = tokens.issue(ARM_AUDIENCES[0], life=OWN_LIFE)
        self.trust = trust
        self.task_users = task_users

    async def start(self) -> None:
        """Reach storage, start what the state says should run. Raises StorageMissing."""
        self.reserve.refill()
        await self.fleet.sweep()
        accounts.ensure_default(self.connection)
        keys = accounts.storage_keys(self.connection)
        await self.storage.serve(keys)
        settings.put(self.connection, STORAGE_SERVED, 1)
        # Before any agent starts: its setup holds these. Azurite serves by now, for what the agents fetch.
        self.fleet.surroundings = {
            "batch_url": self.url,
            "blob_url": self.storage.endpoint,
            "keys": keys,
            "trust": dict(self.trust),
            "task_users": self.task_users,
            "identity_host": lambda node: f"{self.url}/-/identity/{node_secret(self.client_secret, node)}",
        }
        # Opens the file now: it may be removed while the service runs.
        await self.read_apart(queries.integer, "SELECT 1")
        await self.loop.change(node_lifecycle.recover)
        self.heart = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """End every process that the service started. The next start takes up the state."""
        if self.heart is not None:
            self.heart.cancel()
        # Agents that end from here on are not lost nodes, which would be started again.
        self.stopping = True
        self.simulated.stop_all()
        # The agents go first, while there is storage for their transfers, and a loop that takes their reports.
        await self.fleet.stop_all()
        await self.storage.stop()
        self.reading_thread.close()
        self.database_files.close(self.connection)

    async def serve_storage_accounts(self) -> None:
        """Give the keys of new storage accounts to storage and to the nodes."""
        keys = accounts.storage_keys(self.connection)
        await self.storage.serve(keys)
        self.fleet.learn_keys(keys)

    def read(self, read: Reader[T], sql: str, *parameters: object) -> list[T]:
        """Return the rows as `read` reads them. Between batches every change is committed, so they are on disk."""
        return queries.every(self.connection, read, sql, *parameters)

    async def read_apart(self, read: Reader[T], sql: str, *parameters: object) -> list[T]:
        """Return the same as `read`, for queries that may take long: others are served meanwhile."""
        return await self.reading_thread.read(read, sql, *parameters)

    def account_keys(self, account: str) -> tuple[str, str]:
        """Raises BatchError where there is no such account."""
        found = Account.find(self.connection, account)
        if found is None:
            raise errors.authentication_failed(f"There is no Batch account {account!r} here.")
        return found.keys

    def node_directory(self, node: str) -> Path:
        return self.fleet.directory(node)

    def on_report(self, node: str, boots: int, report: dict[str, Any]) -> None:
        self.loop.report(lambda tx: _apply(tx, node, boots, report))

    def on_gone(self, node: str, boots: int) -> None:
        if not self.stopping:
            self.loop.report(lambda tx: node_lifecycle.on_gone(tx, node, boots))

    def on_evicted(self, node: str, boots: int) -> None:
        self.loop.report(lambda tx: node_lifecycle.evict(tx, node, boots))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(QUICK_HEARTBEAT if self.simulates() else HEARTBEAT)
            if self.reserve.is_short:
                self.reserve.refill()
            # What could not be stored now is tried again at the next beat; the loop has logged it.
            with contextlib.suppress(errors.BatchError):
                await self.loop.change(self._pass_time)
                while await self.loop.change(job_lifecycle.delete_parts):
                    continue
            free_pages.give_back(self.connection)

    def simulates(self) -> bool:
        """Return True where a pool is simulated, whose virtual time runs fast."""
        return queries.exists(self.connection, "SELECT 1 FROM pools WHERE instr(definition, ?)", pool_clock.MARK)

    def _pass_time(self, tx: Transaction) -> None:
        job_lifecycle.terminate_overdue(tx)
        job_lifecycle.finish_some(tx)
        job_schedules.pass_time(tx)
        auto_pools.delete_unneeded(tx)
        node_lifecycle.boot_due(tx)
        pool_lifecycle.time_out(tx)
        self.evictions.draw(tx)
        self.losses.draw(tx)
        pool_samples.take(tx)
        # After the samples: the first evaluation of a pool finds one.
        scaling.evaluate_due(tx)


def _apply(tx: Transaction, node: str, boots: int, report: dict[str, Any]) -> None:
    match report:
        case {"ended": ended}:
            # Without `boots`: a stale end shows by its attempt, and an attempt belongs to one boot.
            runs = [
                (key, attempt, Ending(ended=moment, exit_code=code, failure=failure))
                for key, attempt, moment, code, failure in ended
            ]
            if of_job := [run for run in runs if run[0] < 0]:
                job_node_tasks.on_ended(tx, of_job)
                job_lifecycle.finish_some(tx)
            if of_tasks := [run for run in runs if run[0] > 0]:
                endings.on_ended(tx, node, of_tasks)
        case {"vacated": runs}:
            endings.on_vacated(tx, node, runs)
        case {"coordinated": [key, attempt, moment]}:
            multi_instance.on_coordinated(tx, node, key, attempt, moment)
        case {"state": state}:
            info, faults = report.get("start_task"), report.get("errors")
            node_lifecycle.on_state(tx, node, boots, NodeState(state), start_task_info=info, node_errors=faults)
        case {"start_task": info}:
            node_lifecycle.on_start_task(tx, node, boots, info)
