"""A plan on one screen: counts, uploads, and the first and last task of each stage."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shoal.cli import output

if TYPE_CHECKING:
    from shoal.jobs.preflight.shown_tasks import ShownTask
    from shoal.jobs.submit.plan import Plan

MOST_LINES = 3
"""Lines of a command that are shown."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def heading(plan: "Plan") -> str:
    pool = plan.pool
    slots = output.counted(pool.task_slots_per_node, "slot")
    return f"job {plan.job_id} on pool {pool.id}\n{pool.vm_size}, {slots} a node"


def upload_line(plan: "Plan") -> str:
    if not plan.files:
        return "uploads: none"
    return f"uploads: {output.counted(len(plan.files), 'file')}, {size(plan.upload_bytes)}"


def task_lines(stage: str, shown: Sequence["ShownTask"], width: int) -> Iterator[str]:
    """Yield the tasks of a stage, each line cut at the width."""
    yield f"{stage}: {'the only task' if len(shown) == 1 else 'first and last task'}"
    for task in shown:
        yield _cut(f"  {task.id}", width)
        lines = task.command.splitlines()
        # One line more needs no more room than the remark that it is left out.
        kept = lines if len(lines) <= MOST_LINES + 1 else lines[:MOST_LINES]
        yield from (_cut(f"    {line}", width) for line in kept)
        if len(kept) < len(lines):
            yield f"    … {len(lines) - len(kept)} lines more"


def size(number: float) -> str:
    """Return a number of bytes for people, in decimal units."""
    for unit in _UNITS:
        if number < 1000 or unit == _UNITS[-1]:
            break
        number /= 1000
    return f"{number:.1f} {unit}" if number < 100 and unit != "bytes" else f"{number:.0f} {unit}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
