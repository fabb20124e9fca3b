"""A comment for a pull request: what a merge would do to a stack, run on it, and take of its pools. Pure text.

It is made of names, ids and counts only: of a property that changes, its name and never its value.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shoal.deploy.steps import ResourceStep, StepOperation
from shoal.pull_requests.markdown import code, cut, fenced, shortened, table
from shoal.pull_requests.pool_cost import Assumption, PoolCost, UnknownCost
from shoal.pull_requests.previewed_pools import PreviewedPool

LINES = 200
"""Changed resources that are listed one by one."""
SIGNS: Mapping[StepOperation, tuple[str, str]] = {
    StepOperation.REPLACE: ("!", "replaced"),
    StepOperation.DELETE: ("-", "deleted"),
    StepOperation.UPDATE: ("!", "updated"),
    StepOperation.CREATE: ("+", "created"),
    StepOperation.IMPORT: ("+", "imported"),
}
"""In the order in which they are told, with the first character of a line, by which GitHub colours a diff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedJob:
    file: str
    job_id: str | None
    """None while only the deployment can know it."""
    pool: str
    tasks: int
    slots: int
    missing: int
    """Tasks that would be added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    stack: str
    steps: Sequence[ResourceStep] = ()
    pools: Sequence[PreviewedPool] = ()
    jobs: Sequence[ProposedJob] = ()
    costs: Sequence[PoolCost | UnknownCost] = ()
    doubts: Sequence[Doubt] = ()
    sections: Sequence[tuple[str, str]] = ()
    """Titles and texts of others, such as what policies say."""
    error: str | None = None
    """Why the preview failed, where it did."""


def marker(stack: str) -> str:
    """The first line, by which the comment of an earlier run is found again."""
    return f"<!-- shoal:{stack} -->"


def markdown(comment: Proposal, assumption: Assumption) -> str:
    parts = [
        marker(comment.stack),
        f"## Shoal: stack {code(comment.stack)}",
        *_infrastructure(comment),
        *([] if comment.error is not None else _plan(comment, assumption)),
        *(f"### {title}\n\n{fenced(text)}" for title, text in comment.sections if text.strip()),
    ]
    return cut("\n\n".join(parts) + "\n")


def _infrastructure(comment: Proposal) -> Iterable[str]:
    if comment.error is not None:
        yield "**The preview failed.** Nothing was changed; a merge would fail in the same way."
        yield fenced(comment.error)
    lines = _lines(comment.steps)
    if comment.error is None:
        yield f"### Infrastructure\n\n{_counts(comment.steps)}"
    elif lines:
        yield f"### Infrastructure, as far as the preview came\n\n{_counts(comment.steps)}"
    if lines:
        yield fenced("\n".join(shortened(lines, LINES)), "diff")
        yield from (f"> {notice}" for notice in _notices(comment.pools))


def _counts(steps: Sequence[ResourceStep]) -> str:
    same = sum(step.operation is StepOperation.SAME for step in steps)
    if same == len(steps):
        return f"No changes: all {same} resources are as declared."
    counts = {operation: sum(step.operation is operation for step in steps) for operation in SIGNS}
    told = [f"{count} to be {SIGNS[operation][1]}" for operation, count in counts.items() if count]
    return f"**{', '.join(told)}**, {same} unchanged."


def _lines(steps: Sequence[ResourceStep]) -> list[str]:
    lines = []
    for operation, (sign, _) in SIGNS.items():
        for step in steps:
            if step.operation is operation:
                changes = f"  ({', '.join(map(str, step.changes))})" if step.changes else ""
                lines.append(f"{sign} {operation:<8}{step.label}{changes}")
    return lines


def _notices(pools: Iterable[PreviewedPool]) -> Iterable[str]:
    """Source: Batch REST, Pool - Delete: running tasks are requeued, jobs on the pool remain."""
    for pool in pools:
        if pool.operation is StepOperation.REPLACE:
            yield (
                f"**Pool {code(pool.id)} is replaced**: it is deleted with all its nodes and made again. Tasks that "
                "run on it are requeued and start from their beginning; jobs stay."
            )
        elif pool.operation is StepOperation.DELETE:
            yield (
                f"**Pool {code(pool.id)} is deleted**: tasks that run on it are requeued and wait, "
                "as those that wait already do, for ever."
            )


def _plan(comment: Proposal, assumption: Assumption) -> Iterable[str]:
    yield f"### Jobs\n\n{_jobs(comment.jobs)}"
    if cost := _cost(comment, assumption):
        yield f"### Cost\n\n{cost}"
    if comment.doubts:
        told = [f"{code(doubt.subject)}\n\n{fenced(doubt.text)}" for doubt in comment.doubts]
        yield "### Doubts\n\n" + "\n\n".join(told)


def _jobs(jobs: Sequence[ProposedJob]) -> str:
    if not jobs:
        return "The stack's configuration lists none."
    total = sum(job.missing for job in jobs)
    summary = f"**{total:,} tasks to be added.**" if total else "No tasks to be added: all are there already."
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


def _cost(comment: Proposal, assumption: Assumption) -> str:
    known = [cost for cost in comment.costs if isinstance(cost, PoolCost)]
    following = [cost for cost in known if not cost.fixed]
    parts = [
        _following(following, assumption) if following else "",
        *(_fixed(cost, assumption) for cost in known if cost.fixed),
        *(
            f"What {cost.tasks:,} tasks take of pool {code(cost.pool)} is not known: {cost.reason}."
            for cost in comment.costs
            if isinstance(cost, UnknownCost)
        ),
        _prices(known),
    ]
    return "\n\n".join(part for part in parts if part)


def _following(costs: Sequence[PoolCost], assumption: Assumption) -> str:
    columns = ("pool", "tasks", "node-hours", "nodes at most", "done after")
    rows = [[*_cost_row(cost), *_price_cell(cost, costs, assumption)] for cost in costs]
    return (
        f"{table((*columns, 'cost')[: len(rows[0])], rows)}\n\n"
        "Simulated with each pool's own formula, as if all tasks came at once. Assumed: a task takes "
        f"{duration(assumption.task_duration)} (`--task-duration`), every node that is asked for comes and stays, "
        "and a stage begins when those before it have ended."
    )


def _cost_row(cost: PoolCost) -> Sequence[str]:
    return code(cost.pool), f"{cost.tasks:,}", f"**{cost.node_hours:,.1f}**", f"{cost.peak_nodes:,}", _ends(cost)


def _price_cell(cost: PoolCost, costs: Sequence[PoolCost], assumption: Assumption) -> Sequence[str]:
    """None at all where no price is known of any."""
    return [] if all(one.price is None for one in costs) else [_money(cost.price, assumption)]


def _ends(cost: PoolCost) -> str:
    if cost.unfinished:
        return f"{cost.unfinished:,} tasks never ended in {duration(timedelta(seconds=cost.seconds))}"
    return duration(timedelta(seconds=cost.seconds))


def _fixed(cost: PoolCost, assumption: Assumption) -> str:
    price = "" if cost.price is None else f", {_money(cost.price, assumption)}"
    return (
        f"Pool {code(cost.pool)} has {cost.peak_nodes:,} nodes at all times, with tasks or without: "
        f"**{cost.node_hours:,.0f}** node-hours a day{price}."
    )


def _prices(costs: Sequence[PoolCost]) -> str:
    if not costs or all(cost.price is not None for cost in costs):
        return ""
    return "Without the price of a node-hour (`--node-price`) no sum is told."


def _money(price: float | None, assumption: Assumption) -> str:
    return "" if price is None else f"{price:,.2f} {assumption.currency}".rstrip()


def duration(length: timedelta) -> str:
    """The two largest units that it has."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    told = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(told[:2]) or "0 s"
