"""A pool with its nodes, as far as it takes to decide about start tasks and recovery."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.batch import BatchClient
from azure.batch.models import BatchNode, BatchPool, BatchStartTask
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import plain_word

NODE_COLUMNS = [
    *(
        "id",
        "state",
        "stateTransitionTime",
        "allocationTime",
        "lastBootTime",
        "startTask",
        "startTaskInfo",
        "errors",
        "isDedicated",
    ),
    *("runningTasksCount", "runningTaskSlotsCount", "totalTasksRun"),
]
POOL_COLUMNS = [
    *("id", "startTask", "enableAutoScale", "allocationState"),
    *("targetDedicatedNodes", "targetLowPriorityNodes", "currentDedicatedNodes", "currentLowPriorityNodes"),
]
WORKING = ("idle", "running")
STARTED = (*WORKING, "waitingforstarttask", "starttaskfailed", "offline", "unusable", "unknown")
"""States in which a node has got its start task. In the others it is about to get the pool's, or is going."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNode:
    id: str
    state: str
    since: datetime | None = None
    """The time of its last change of state."""
    start_task: str | None = None
    """The start task that it got when it started, as JSON with sorted keys. None without one."""
    start_task_result: str | None = None
    """`success`, `failure`, `running`, or None without a start task."""
    exit_code: int | None = None
    """Exit code of its start task."""
    fault: str = ""
    """Code and message of its first error."""
    startup: timedelta | None = None
    """Time from its allocation until it could run tasks, at its last start."""
    is_spot: bool = False
    running_tasks: int = 0
    running_slots: int = 0
    tasks_run: int = 0
    """Since it joined the pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    dedicated: int
    low_priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTargets:
    targets: Targets
    scales_by_formula: bool
    is_steady: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNodes:
    id: str
    start_task: str | None
    """The start task that nodes get from now on, as JSON with sorted keys."""
    nodes: tuple[PoolNode, ...]
    targets: Targets = Targets(dedicated=0, low_priority=0)
    scales_by_formula: bool = False
    is_steady: bool = True

    def has_old_start_task(self, node: PoolNode) -> bool:
        """True if the node has started with another start task than the pool has now, with none included."""
        return node.state in STARTED and node.start_task != self.start_task


def read_pool(client: BatchClient, pool_id: str) -> PoolNodes:
    return _pool_nodes(client, client.get_pool(pool_id, select=POOL_COLUMNS))


def read_targets(client: BatchClient, pool_id: str) -> PoolTargets | None:
    """Return None where Batch has no such pool."""
    try:
        pool = client.get_pool(pool_id, select=POOL_COLUMNS)
    except ResourceNotFoundError:
        return None
    return PoolTargets(
        targets=_targets(pool), scales_by_formula=bool(pool.enable_auto_scale), is_steady=_is_steady(pool)
    )


def read_pools(client: BatchClient, pool_ids: Iterable[str]) -> Iterator[PoolNodes]:
    """Read the pools that have nodes: one query for all pools, one for the nodes of each."""
    requested = {pool_id.lower() for pool_id in pool_ids}
    for pool in client.list_pools(select=POOL_COLUMNS):
        has_nodes = (pool.current_dedicated_nodes or 0) + (pool.current_low_priority_nodes or 0) > 0
        if has_nodes and str(pool.id).lower() in requested:
            yield _pool_nodes(client, pool)


def _pool_nodes(client: BatchClient, pool: BatchPool) -> PoolNodes:
    return PoolNodes(
        id=str(pool.id),
        start_task=_text(pool.start_task),
        nodes=tuple(map(pool_node, client.list_nodes(str(pool.id), select=NODE_COLUMNS))),
        targets=_targets(pool),
        scales_by_formula=bool(pool.enable_auto_scale),
        is_steady=_is_steady(pool),
    )


def _targets(pool: BatchPool) -> Targets:
    return Targets(dedicated=pool.target_dedicated_nodes or 0, low_priority=pool.target_low_priority_nodes or 0)


def _is_steady(pool: BatchPool) -> bool:
    return plain_word(pool.allocation_state) == "steady"


def pool_node(node: BatchNode) -> PoolNode:
    info = node.start_task_info
    error = node.errors[0] if node.errors else None
    return PoolNode(
        id=str(node.id),
        state=plain_word(node.state) or "",
        since=node.state_transition_time,
        start_task=_text(node.start_task),
        start_task_result=plain_word(info.result or info.state) if info else None,
        exit_code=info.exit_code if info else None,
        fault=f"{error.code}: {error.message}" if error else "",
        startup=_startup(node),
        is_spot=not node.is_dedicated,
        running_tasks=node.running_tasks_count or 0,
        running_slots=node.running_task_slots_count or 0,
        tasks_run=node.total_tasks_run or 0,
    )


def _startup(node: BatchNode) -> timedelta | None:
    info = node.start_task_info
    ready = (info.end_time if info else None) or node.last_boot_time
    return ready - node.allocation_time if ready and node.allocation_time else None


def _text(start_task: BatchStartTask | None) -> str | None:
    if start_task is None:
        return None
    definition: Mapping[str, Any] = start_task.as_dict()
    return json.dumps(definition, sort_keys=True)
