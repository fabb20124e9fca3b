"""How many nodes a pool has: as many as its tasks need, what a formula of its own says, or a fixed number. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.autoscale.scenarios.parameters import scenario
from shoal.autoscale.ticks import from_timedelta, interval_text
from shoal.azure.limits import accepted_evaluation_interval

from .fault import Fault, Spelling

FOLLOWING = tuple(field.name for field in fields(PendingTasks) if field.name != "evaluation_interval")
"""Limits of the formula that follows the tasks: the way a pool is scaled that says nothing else."""
FORMULA = ("auto_scale_formula",)
FIXED = ("spot_nodes", "dedicated_nodes")

SHORTEST_EMBEDDED_INTERVAL = timedelta(seconds=1)


def faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    if pair := contradiction(pool):
        one, other = map(spelt, pair)
        yield Fault(text=f"has both {one} and {other}; a pool is scaled in one way")
        return
    fixed = [name for name in FIXED if name in pool]
    if fixed and all(pool[name] == 0 for name in fixed):
        spot, dedicated = map(spelt, FIXED)
        yield Fault(text=f"has no nodes; give {spot} or {dedicated}, or neither for a pool that scales itself")
    if fixed and (interval := "auto_scale_evaluation_interval") in pool:
        yield Fault(text=f"has a fixed number of nodes, for which {spelt(interval)} means nothing")
    yield from _limit_faults(pool, spelt)


def _limit_faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    """Of limits that no task, or no node, could ever keep."""
    warm, most = pool.get("warm_up_nodes", 0), pool.get("max_spot_nodes", PendingTasks().max_spot_nodes)
    if warm > most:
        at, limit = spelt("warm_up_nodes"), spelt("max_spot_nodes")
        yield Fault(at=at, text=f"is {warm}; it must be at most {limit}, which is {most}")
    taken, slots = pool.get("slots_per_task", 1), pool.get("task_slots_per_node", 1)
    if isinstance(slots, int) and taken > slots:
        at, limit = spelt("slots_per_task"), spelt("task_slots_per_node")
        yield Fault(at=at, text=f"is {taken:g}; it must be at most {limit}, which is {slots}: no node has more")


def contradiction(given: Iterable[str]) -> tuple[str, str] | None:
    """Two arguments that stand for different ways of scaling, where there are such."""
    known = set(given)
    firsts = (next((name for name in way if name in known), None) for way in (FIXED, FORMULA, FOLLOWING))
    found = [name for name in firsts if name is not None]
    return (found[0], found[1]) if len(found) > 1 else None


def following_formula(args: Mapping[str, object], *, interval: str) -> str:
    """The formula with the limits that are given. Raises InputFault."""
    every = accepted_evaluation_interval(parse_duration(interval))
    shortest_hold = max(every, PendingTasks().hold)
    limits = {name: str(args[name]) for name in FOLLOWING if name in args}
    return formula(scenario("pending_tasks", {"hold": iso(shortest_hold), **limits, "evaluation_interval": iso(every)}))


def iso(duration: timedelta) -> str:
    return interval_text(from_timedelta(duration))
