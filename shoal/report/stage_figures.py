"""Counts and times of a run, as a whole and by stage. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shoal.report.record import Record, TaskRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Quantiles of a time."""

    median: timedelta
    high: timedelta
    """19 of 20 are no longer than this."""
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    name: str
    tasks: int
    succeeded: int
    failed: int
    running: int
    waiting: int
    retried: int
    """Tasks with attempts that failed before."""
    retries: int
    """Attempts that failed before."""
    requeues: int
    """Attempts that lost their node."""
    duration: Spread | None
    waited: Spread | None


def of_run(record: Record) -> Figures:
    return _figures("all stages", record.tasks)


def by_stage(record: Record) -> list[Figures]:
    """Return the stages in the order of the job file, then those that it does not name."""
    groups: defaultdict[str, list[TaskRecord]] = defaultdict(list)
    for task in record.tasks:
        groups[task.stage].append(task)
    names = [name for name in record.stages if name in groups]
    return [_figures(name, groups[name]) for name in [*names, *sorted(groups.keys() - set(names))]]


def _figures(name: str, tasks: Sequence[TaskRecord]) -> Figures:
    waiting = sum(task.state == "active" for task in tasks)
    completed = sum(task.state == "completed" for task in tasks)
    return Figures(
        name=name,
        tasks=len(tasks),
        succeeded=sum(task.result == "success" for task in tasks),
        failed=sum(task.failed for task in tasks),
        running=len(tasks) - waiting - completed,
        waiting=waiting,
        retried=sum(task.retries > 0 for task in tasks),
        retries=sum(task.retries for task in tasks),
        requeues=sum(task.requeues for task in tasks),
        duration=_spread(task.duration for task in tasks),
        waited=_spread(task.waited for task in tasks),
    )


def _spread(times: Iterable[timedelta | None]) -> Spread | None:
    known = sorted(time for time in times if time is not None)
    if not known:
        return None
    return Spread(median=known[(len(known) - 1) // 2], high=known[-(-len(known) * 19 // 20) - 1], longest=known[-1])
