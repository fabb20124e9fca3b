"""Rows about waiting tasks: larger than a node, behind a stage, or behind tasks that failed. Pure."""

from collections.abc import Iterable

from shoal.runs.blocked import Parent, blocked
from shoal.runs.why.evidence import Evidence, StageProgress, WaitingTask
from shoal.runs.why.finding import Finding, Row, counted, several


def stuck(evidence: Evidence) -> set[str]:
    """Return the waiting tasks that can never run, as far as is known; ids in lower case."""
    waiting = {task.id.lower(): task.parents for task in (*evidence.waiting, *evidence.others)}
    ended = {task.id.lower(): task.satisfies_dependents for task in evidence.failures.listed}
    return blocked(waiting, ended, exact=False)


def behind(evidence: Evidence) -> list[WaitingTask]:
    """Return the waiting tasks behind others that have not completed, and still can."""
    if evidence.job.is_over:
        return []
    lost, unfinished = stuck(evidence), evidence.unfinished_parents
    return [
        task
        for task in evidence.waiting
        if task.id.lower() not in lost and any(_is_unfinished(parent, unfinished) for parent in task.parents)
    ]


def ready(evidence: Evidence) -> list[WaitingTask]:
    """Return the waiting tasks that only wait for a node."""
    if evidence.job.is_over or evidence.job.is_disabled:
        return []
    others = {task.id for task in behind(evidence)}
    lost = stuck(evidence)
    return [task for task in evidence.waiting if task.id not in others and task.id.lower() not in lost]


def for_nodes(evidence: Evidence) -> int:
    """Return the number of waiting tasks that need a node, now or after the tasks that they depend on."""
    if evidence.job.is_over:
        return 0
    lost, waiting = stuck(evidence), evidence.waiting
    most = evidence.pool.slots_per_node if evidence.pool is not None else 1
    never = sum(task.id.lower() in lost or task.slots > most for task in waiting)
    return _scaled(evidence, len(waiting) - never) if never < len(waiting) or not waiting else 0


def _is_unfinished(parent: Parent, unfinished: frozenset[str] | None) -> bool:
    return unfinished is None or isinstance(parent, range) or parent in unfinished


def _blocked(evidence: Evidence) -> Finding | None:
    lost = stuck(evidence)
    tasks = [task for task in evidence.waiting if task.id.lower() in lost]
    if not tasks or evidence.job.is_over:
        return None
    number = _scaled(evidence, len(tasks))
    return Finding(
        sentence=f"{counted(number, 'task')} can never run, because {several(_culprits(evidence, tasks))} failed",
        evidence=(f"for example {tasks[0].id}",) if evidence.task is None else (),
        step=f"correct the cause, then `shoal retry {evidence.job.id}`",
        blocks=number,
    )


def _culprits(evidence: Evidence, tasks: list[WaitingTask]) -> list[str]:
    """Return the failed tasks that these depend on, or else the first that failed."""
    parents = {parent for task in tasks for parent in task.parents}
    failed = [task.id for task in evidence.failures.listed if not task.satisfies_dependents]
    return [task for task in failed if task.lower() in parents] or failed


def _too_large(evidence: Evidence) -> Finding | None:
    pool = evidence.pool
    large = [task for task in evidence.waiting if pool is not None and task.slots > pool.slots_per_node]
    if pool is None or not large or evidence.job.is_over:
        return None
    number = _scaled(evidence, len(large))
    has = counted(pool.slots_per_node, "slot")
    return Finding(
        sentence=f"{counted(number, 'task', 'needs')} more slots than a node of pool {pool.id} has ({has})",
        evidence=(f"for example {large[0].id} needs {large[0].slots}",),
        step="lower slots in the job file and submit another run, or raise taskSlotsPerNode of the pool and `shoal up`",
        blocks=number,
    )


def _behind_stage(evidence: Evidence) -> Finding | None:
    tasks = behind(evidence)
    if not tasks:
        return None
    number = _scaled(evidence, len(tasks))
    stages = [stage.name for stage in evidence.stages]
    parents = sorted(evidence.unfinished_parents or _names(tasks))
    for_what = f"stage {several(stages)}" if stages else f"task {several(parents)}"
    return Finding(
        sentence=f"{counted(number, 'task', 'waits')} for {for_what}",
        evidence=tuple(_progress(evidence, stage) for stage in evidence.stages),
        step=f"wait; `shoal watch {evidence.job.id}` shows the progress",
        blocks=0 if evidence.counts.running or ready(evidence) else number,
    )


def _names(tasks: Iterable[WaitingTask]) -> set[str]:
    parents = {parent for task in tasks for parent in task.parents}
    return {f"{parent.start} to {parent.stop - 1}" if isinstance(parent, range) else parent for parent in parents}


def _progress(evidence: Evidence, stage: StageProgress) -> str:
    total = evidence.job.stages.get(stage.name)
    of_all = f" of {total}" if total else ""
    least = "" if stage.is_all else "at least "
    running = (
        f", at least {stage.running} of them running" if not stage.is_all else f", {stage.running} of them running"
    )
    return f"stage {stage.name}: {least}{stage.unfinished}{of_all} tasks left{running}"


def _scaled(evidence: Evidence, number: int) -> int:
    """Return the number among all waiting tasks: where all that were read are alike, so are the others."""
    return max(number, evidence.counts.active) if number == len(evidence.waiting) else number


BLOCKED = Row(code="dependency-failed", situation="Tasks that it depends on failed", find=_blocked)
TOO_LARGE = Row(code="slots-too-large", situation="A task needs more slots than any node has", find=_too_large)
BEHIND_STAGE = Row(code="waits-for-stage", situation="Tasks wait for an earlier stage", find=_behind_stage)
