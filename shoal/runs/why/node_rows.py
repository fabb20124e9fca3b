"""Rows about the nodes of the job's pool: they start, cannot work, or are full. Pure."""

from datetime import timedelta

from shoal.nodes.pool_nodes import PoolNode
from shoal.nodes.problem import problem
from shoal.runs.why.evidence import Evidence, JobShare
from shoal.runs.why.finding import Finding, Row, counted, several
from shoal.runs.why.waiting_rows import for_nodes, ready

LOST = ("unusable", "unknown", "offline")
SHOWN_NODES = 3


def _start_task_failed(evidence: Evidence) -> Finding | None:
    failed = evidence.nodes_in("starttaskfailed")
    if not failed or not for_nodes(evidence):
        return None
    exited = "" if failed[0].exit_code is None else f" with exit code {failed[0].exit_code}"
    return Finding(
        sentence=f"the start task failed{exited} on {counted(len(failed), 'node')} of pool {evidence.job.pool_id}",
        evidence=(f"for example node {failed[0].id}", *(f"| {line}" for line in evidence.start_task_stderr)),
        step="correct startTask in the stack's file and `shoal up`; once only: `shoal nodes --recover` reboots them",
        blocks=_blocked(evidence),
    )


def _unusable(evidence: Evidence) -> Finding | None:
    lost = evidence.nodes_in(*LOST)
    if not lost or not for_nodes(evidence):
        return None
    return Finding(
        sentence=f"{counted(len(lost), 'node')} of pool {evidence.job.pool_id} cannot be used",
        evidence=_shown(lost),
        step="replace them: `shoal nodes --recover`",
        blocks=_blocked(evidence),
    )


def _unprepared(evidence: Evidence) -> Finding | None:
    failed = evidence.unprepared
    if not failed or not for_nodes(evidence):
        return None
    first = failed[0]
    exited = "" if first.exit_code is None else f" with exit code {first.exit_code}"
    fault = f": {first.fault.code}: {first.fault.message}" if first.fault and first.exit_code is None else ""
    number = counted(len(failed), "node")
    return Finding(
        sentence=f"the job preparation task failed{exited} on {number} of pool {evidence.job.pool_id}, so that no task "
        "of the job runs there",
        evidence=(f"for example node {first.node}{fault}", *(f"| {line}" for line in evidence.preparation_stderr)),
        step=f"correct preparation in the job file; `shoal cancel {evidence.job.id}`, then "
        f"`shoal retry {evidence.job.id} --with FILE`",
        blocks=0 if evidence.open_nodes else for_nodes(evidence),
    )


def _starting(evidence: Evidence) -> Finding | None:
    pool, starting = evidence.pool, evidence.starting
    if pool is None or not for_nodes(evidence) or not (starting or (pool.target > pool.nodes and not pool.is_steady)):
        return None
    number = max(len(starting), pool.target - pool.nodes)
    began = [node.since for node in starting if node.since is not None]
    so_far = f", for {_time(evidence.now - min(began))} so far" if began else ""
    # The shortest: the start of a node that was evicted or rebooted seems to last since it was first allocated.
    before = min((node.startup for node in evidence.working if node.startup is not None), default=None)
    usual = f"; another node took {_time(before)}" if before is not None else ""
    verb = "is" if number == 1 else "are"
    return Finding(
        sentence=f"{counted(number, 'node')} of pool {pool.id} {verb} still starting{so_far}{usual}",
        evidence=(_by_state(starting),) if starting else (),
        step="wait; `shoal nodes` shows their states",
        blocks=_blocked(evidence),
    )


def _busy(evidence: Evidence) -> Finding | None:
    pool, working = evidence.pool, evidence.working
    waiting = ready(evidence)
    if pool is None or not working or not waiting:
        return None
    needed = min(task.slots for task in waiting)
    free = max(pool.slots_per_node - node.running_slots for node in working)
    if free >= needed or needed > pool.slots_per_node:
        return None
    slots = len(working) * pool.slots_per_node
    used = sum(node.running_slots for node in working)
    full = f"all {slots} slots of pool {pool.id} are busy" if used == slots else f"no node has {needed} free slots"
    holders = sorted((share for share in evidence.shares if share.running), key=lambda share: -share.running_slots)
    by = f": {several([_share(share) for share in holders])}" if holders else ""
    return Finding(
        sentence=f"{full}{by}",
        evidence=tuple(f"job {share.job_id} has priority {share.priority}" for share in holders if share.priority),
        step="wait; or allow more nodes in the stack's file, or give the job a higher priority",
        blocks=0 if evidence.counts.running else len(waiting),
    )


def _too_few_at_once(evidence: Evidence) -> Finding | None:
    """Find tasks with instances for which some nodes are free, but not enough, or for which the pool is too small."""
    pool, free = evidence.pool, _free_nodes(evidence)
    wide = [task for task in ready(evidence) if task.instances > max(1, free)]
    if pool is None or not wide or not evidence.open_nodes:
        return None
    needed, there = min(task.instances for task in wide), len(evidence.open_nodes)
    if free == 0 and there >= needed:
        return None
    return Finding(
        sentence=f"{counted(len(wide), 'task', 'needs')} {needed} nodes at once, and pool {pool.id} has {free} free",
        evidence=(f"{counted(there, 'node')} of the pool can run tasks",),
        step="wait until other tasks end"
        if there >= needed
        else "allow more nodes in the stack's file, and `shoal up`",
        blocks=0 if evidence.counts.running else len(wide),
    )


def _free_nodes(evidence: Evidence) -> int:
    return sum(node.running_slots == 0 for node in evidence.open_nodes)


def _free(evidence: Evidence) -> Finding | None:
    """Find free slots for tasks that are about to be placed."""
    pool, free = evidence.pool, _free_nodes(evidence)
    waiting = [task for task in ready(evidence) if task.instances <= max(1, free)]
    if pool is None or not waiting or evidence.counts.running:
        return None
    needed = min(task.slots for task in waiting)
    if all(pool.slots_per_node - node.running_slots < needed for node in evidence.open_nodes):
        return None
    return Finding(sentence=f"pool {pool.id} has free slots: its tasks start now", step="wait some seconds")


def _share(share: JobShare) -> str:
    return f"job {share.job_id} runs {counted(share.running, 'task')} on {counted(share.running_slots, 'slot')}"


def _shown(nodes: tuple[PoolNode, ...]) -> tuple[str, ...]:
    lines = [f"node {node.id}: {problem(node)}" for node in nodes[:SHOWN_NODES]]
    return (*lines, f"and {len(nodes) - SHOWN_NODES} more") if len(nodes) > SHOWN_NODES else tuple(lines)


def _by_state(nodes: tuple[PoolNode, ...]) -> str:
    states = sorted({node.state for node in nodes})
    return ", ".join(f"{sum(node.state == state for node in nodes)} {state}" for state in states)


def _blocked(evidence: Evidence) -> int:
    return 0 if evidence.working else for_nodes(evidence)


def _time(time: timedelta) -> str:
    return str(timedelta(seconds=max(0, round(time.total_seconds()))))


START_TASK_FAILED = Row(code="start-task-failed", situation="The start task of nodes failed", find=_start_task_failed)
UNUSABLE = Row(code="nodes-unusable", situation="Nodes are unusable", find=_unusable)
UNPREPARED = Row(code="preparation-failed", situation="The job preparation task failed on nodes", find=_unprepared)
STARTING = Row(code="nodes-starting", situation="Nodes are still starting", find=_starting)
BUSY = Row(code="slots-busy", situation="All slots are busy; the jobs that hold them are listed", find=_busy)
TOO_FEW_AT_ONCE = Row(
    code="instances-need-nodes",
    situation="A task with instances needs more free nodes at once than there are",
    find=_too_few_at_once,
)
FREE = Row(code="about-to-start", situation="There are free slots: the task starts at any moment", find=_free)
