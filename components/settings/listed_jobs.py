"""Task slots of the jobs that a stack lists, where their files give them as plain numbers.

The number is read, not rendered: `pulumi up` by itself must build the same formula as `shoal up`, within a moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..pool.pool_scaling import slots_per_task


def with_slots_of_jobs(
    pools: Sequence[Mapping[str, Any]], jobs: Sequence[Mapping[str, Any]], folder: Path
) -> list[dict[str, Any]]:
    """Return the pools; those that follow their tasks, and name no `slots_per_task`, get that of their listed jobs."""
    taken = slots_by_pool(jobs, folder)
    return [{**pool, **_number(pool, taken.get(pool["name"], {1}))} for pool in pools]


def slots_by_pool(jobs: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, set[int | None]]:
    """Return the slots of all stages by pool; None is among them where a file does not give a plain number."""
    found: dict[str, set[int | None]] = {}
    for job in jobs:
        for pool, slots in _stages(folder / str(job.get("file", ""))):
            found.setdefault(pool, set()).add(slots)
    return found


def _number(pool: Mapping[str, Any], slots: set[int | None]) -> dict[str, float]:
    """Return the one number that all stages agree on, if it says more than the default. `plan` warns of others."""
    [number, *others] = slots
    follows = slots_per_task(pool) is not None and "slots_per_task" not in pool
    if not follows or others or number is None or not 1 < number <= pool.get("task_slots_per_node", 1):
        return {}
    return {"slots_per_task": float(number)}


def _stages(path: Path) -> Iterator[tuple[str, int | None]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        pool, stages = content["job"]["pool"], content["stages"]
        yield from [(str(pool), _plain(stage.get("slots", 1))) for stage in stages]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return  # whoever submits the job reports what is wrong with its file


def _plain(slots: object) -> int | None:
    return slots if isinstance(slots, int) and not isinstance(slots, bool) else None
