"""The recovery of nodes that can do no work: a pure decision from a pool's nodes and from what was done before.

| state | before | other nodes | decision |
|---|---|---|---|
| `starttaskfailed` | not rebooted for the pool's start task | any | reboot |
| `starttaskfailed` | its reboot was refused | any | as if `unusable` |
| `starttaskfailed` | rebooted for it, and failed again | some are still starting | wait |
| `starttaskfailed` | rebooted for it, and failed again | one works | replace |
| `starttaskfailed` | rebooted for it, and failed again | none works | stop |
| `unusable` | fewer rounds of replacements than allowed | any | replace |
| `unusable` | as many rounds as allowed | any | stop |

Nodes that run tasks are left alone. A pool that was stopped is taken up again when its start task changes.

Sources: REST reference, Compute Nodes - Reboot; `NodeStateUnusable` in "Batch status and error codes": an unusable node
cannot be rebooted (doAzureParallel issue 328, aztk issue 557). Batch's own recovery of such nodes takes 15 to 45
minutes or longer (azure-batch-samples issue 238).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from shoal.nodes.pool_nodes import WORKING, PoolNode, PoolNodes, Targets

STARTING = ("creating", "starting", "waitingforstarttask", "rebooting", "reimaging", "upgradingos")
MOST_ROUNDS = 3
"""Rounds of replacements in a pool with working nodes. A pool without any gets one."""
MOST_REMOVED = 100
"""Nodes in one request. Source: REST reference, Pools - Remove Nodes."""


Reboot = tuple[str, str | None, str | None]
"""A node, the start task that it had and the one that it gets. Each is tried once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Steps that were taken for the nodes of a pool."""

    start_task: str | None = None
    """The pool's, when it was looked at last."""
    rebooted: Mapping[Reboot, datetime | None] = field(default_factory=dict)
    """By reboot: since when the node had been in its state."""
    not_rebootable: frozenset[str] = frozenset()
    """Nodes whose reboot was refused."""
    rounds: int = 0
    """Rounds of replacements."""
    targets: Targets | None = None
    """The pool's targets before nodes were removed, where no formula sets them again."""
    stopped: bool = False


class Decision(Enum):
    REBOOT = auto()
    REPLACE = auto()
    WAIT = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps to take now; afterwards, those that were taken."""

    reboot: tuple[PoolNode, ...] = ()
    remove: tuple[PoolNode, ...] = ()
    resize: Targets | None = None
    stop: PoolNode | None = None
    """A node that shows why the recovery of its pool stops."""


def plan(pool: PoolNodes, past: Past) -> Plan:
    past = _taken_up(pool, past)
    if past.targets is not None:
        return Plan(resize=past.targets) if pool.is_steady else Plan()
    if past.stopped:
        return Plan()
    decisions = [(node, _decide(node, pool, past)) for node in pool.nodes if _is_lost(node)]
    chosen = {kind: tuple(node for node, decision in decisions if decision is kind) for kind in Decision}
    if chosen[Decision.STOP]:
        return Plan(stop=chosen[Decision.STOP][0])
    removable = chosen[Decision.REPLACE][:MOST_REMOVED] if pool.is_steady else ()
    return Plan(reboot=chosen[Decision.REBOOT], remove=removable)


def after(pool: PoolNodes, past: Past, planned: Plan, done: Plan) -> Past:
    """Return the past with what was done of the plan. Refused reboots are kept; the rest is planned again."""
    past = _taken_up(pool, past)
    refused = {node.id for node in planned.reboot} - {node.id for node in done.reboot}
    owed = pool.targets if done.remove and not pool.scales_by_formula else past.targets
    return replace(
        past,
        rebooted={**past.rebooted, **{_reboot(node, pool): node.since for node in done.reboot}},
        not_rebootable=past.not_rebootable | refused,
        rounds=past.rounds + bool(done.remove),
        targets=None if done.resize else owed,
        stopped=past.stopped or done.stop is not None,
    )


def is_settled(pool: PoolNodes, past: Past) -> bool:
    """True if nothing is left to do or to wait for."""
    if past.stopped or past.targets is not None:
        return past.stopped
    return pool.is_steady and not any(_is_lost(node) or node.state in STARTING for node in pool.nodes)


def _taken_up(pool: PoolNodes, past: Past) -> Past:
    if past.start_task == pool.start_task:
        return past
    return replace(past, start_task=pool.start_task, rounds=0, stopped=False)


def _is_lost(node: PoolNode) -> bool:
    return node.state in ("starttaskfailed", "unusable") and node.running_tasks == 0


def _reboot(node: PoolNode, pool: PoolNodes) -> Reboot:
    return node.id, node.start_task, pool.start_task


def _decide(node: PoolNode, pool: PoolNodes, past: Past) -> Decision:
    works = any(other.state in WORKING for other in pool.nodes)
    if node.state == "unusable" or node.id in past.not_rebootable:
        return Decision.REPLACE if past.rounds < (MOST_ROUNDS if works else 1) else Decision.STOP
    reboot = _reboot(node, pool)
    if reboot not in past.rebooted:
        return Decision.REBOOT
    if past.rebooted[reboot] == node.since or any(other.state in STARTING for other in pool.nodes):
        # In the first case the list is older than the reboot.
        return Decision.WAIT
    return Decision.REPLACE if works and past.rounds < MOST_ROUNDS else Decision.STOP
