"""The comment of a pull request: what a merge would change in a stack, run on it, and cost. Pure text.

It has names, ids and counts only. Of a property that changes it has the name, never the value.
"""

from collections.abc import Iterable, Mapping, Sequence

from shoal.deploy.steps import ResourceStep, StepOperation
from shoal.pull_requests.cost_text import cost_text
from shoal.pull_requests.markdown import code, cut, fenced, shortened, table
from shoal.pull_requests.pool_cost import Assumption
from shoal.pull_requests.previewed_pools import PreviewedPool
from shoal.pull_requests.proposal import Proposal, ProposedJob

LINES = 200
"""Changed resources that are listed one by one."""
SIGNS: Mapping[StepOperation, tuple[str, str]] = {
    StepOperation.REPLACE: ("!", "replaced"),
    StepOperation.DELETE: ("-", "deleted"),
    StepOperation.UPDATE: ("!", "updated"),
    StepOperation.CREATE: ("+", "created"),
    StepOperation.IMPORT: ("+", "imported"),
}
"""The order of the lines, and the first character of each, by which GitHub colours a diff."""


def marker(stack: str) -> str:
    """Return the first line, by which a later run finds the comment again."""
    return f"<!-- shoal:{stack} -->"


def comment_text(proposal: Proposal, assumption: Assumption) -> str:
    """Return the comment as GitHub's markdown, cut to the length that GitHub allows."""
    parts = [
        marker(proposal.stack),
        f"## Shoal: stack {code(proposal.stack)}",
        *_infrastructure(proposal),
        *([] if proposal.error is not None else _plan(proposal, assumption)),
        *(f"### {title}\n\n{fenced(text)}" for title, text in proposal.sections if text.strip()),
    ]
    return cut("\n\n".join(parts) + "\n")


def _infrastructure(proposal: Proposal) -> Iterable[str]:
    if proposal.error is not None:
        yield "**The preview failed.** Nothing was changed; a merge would fail in the same way."
        yield fenced(proposal.error)
    lines = _lines(proposal.steps)
    if proposal.error is None:
        yield f"### Infrastructure\n\n{_counts(proposal.steps)}"
    elif lines:
        yield f"### Infrastructure, up to the failure\n\n{_counts(proposal.steps)}"
    if lines:
        yield fenced("\n".join(shortened(lines, LINES)), "diff")
        yield from (f"> {notice}" for notice in _notices(proposal.pools))


def _counts(steps: Sequence[ResourceStep]) -> str:
    same = sum(step.operation is StepOperation.SAME for step in steps)
    if same == len(steps):
        return f"No changes: all {same} resources are as declared."
    counts = {operation: sum(step.operation is operation for step in steps) for operation in SIGNS}
    changed = [f"{count} to be {SIGNS[operation][1]}" for operation, count in counts.items() if count]
    return f"**{', '.join(changed)}**, {same} unchanged."


def _lines(steps: Sequence[ResourceStep]) -> list[str]:
    lines = []
    for operation, (sign, _) in SIGNS.items():
        for step in steps:
            if step.operation is operation:
                changes = f"  ({', '.join(map(str, step.changes))})" if step.changes else ""
                lines.append(f"{sign} {operation:<8}{step.label}{changes}")
    return lines


def _notices(pools: Iterable[PreviewedPool]) -> Iterable[str]:
    """Warn of pools that lose their nodes.

    Source: Batch REST, Pool - Delete: running tasks are requeued, jobs on the pool remain.
    """
    for pool in pools:
        if pool.operation is StepOperation.REPLACE:
            yield (
                f"**Pool {code(pool.id)} is replaced**: it is deleted with all its nodes and created again. Its "
                "running tasks are requeued and start from the beginning; jobs stay."
            )
        elif pool.operation is StepOperation.DELETE:
            yield (
                f"**Pool {code(pool.id)} is deleted**: its running tasks are requeued, "
                "and all its unfinished tasks then wait forever."
            )


def _plan(proposal: Proposal, assumption: Assumption) -> Iterable[str]:
    yield f"### Jobs\n\n{_jobs(proposal.jobs)}"
    if cost := cost_text(proposal.costs, assumption):
        yield f"### Cost\n\n{cost}"
    if proposal.doubts:
        findings = [f"{code(doubt.subject)}\n\n{fenced(doubt.text)}" for doubt in proposal.doubts]
        yield "### Formula warnings\n\n" + "\n\n".join(findings)


def _jobs(jobs: Sequence[ProposedJob]) -> str:
    if not jobs:
        return "The stack's configuration lists no jobs."
    total = sum(job.missing for job in jobs)
    summary = f"**{total:,} tasks to be added.**" if total else "No tasks to be added: all exist already."
    return f"{summary}\n\n{table(('file', 'job', 'pool', 'tasks', 'slots', ''), map(_job_row, jobs))}"


def _job_row(job: ProposedJob) -> Sequence[str]:
    name = code(job.job_id) if job.job_id else "named when deployed"
    return code(job.file), name, code(job.pool), f"{job.tasks:,}", f"{job.slots:,}", _state(job)


def _state(job: ProposedJob) -> str:
    match job.missing:
        case 0:
            return "already there"
        case job.tasks:
            return "new"
        case missing:
            return f"{missing:,} to be added"
