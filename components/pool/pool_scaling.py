"""The number of nodes of a pool: what its tasks need, what its own formula computes, or a fixed number. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.formula_digest import formula_digest
from shoal.autoscale.review import ERRORS, review
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.autoscale.scenarios.parameters import scenario
from shoal.azure.limits import (
    LONGEST_EVALUATION_INTERVAL,
    SHORTEST_EMBEDDED_INTERVAL,
    SHORTEST_EVALUATION_INTERVAL,
    accepted_evaluation_interval,
)

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import Duration, NotEmpty, duration_text

FOLLOWING = tuple(
    field.name for field in fields(PendingTasks) if field.name not in {"evaluation_interval", "spot_quota_nodes"}
)
"""Limits of the formula that follows the tasks, by which a pool is scaled unless it chooses another way."""
FORMULA = ("auto_scale_formula",)
FIXED = ("spot_nodes", "dedicated_nodes")


def _reviewed(text: str) -> str:
    if refused := [finding for finding in review(text) if finding.rule in ERRORS]:
        raise PydanticCustomError("formula", "it is no formula", {"findings": refused})
    return text


def _evaluated_as_allowed(text: str, info: ValidationInfo) -> str:
    """Only the embedded service evaluates every second; a component does not know which service it is for."""
    in_azure = (info.context or {}).get("service") == "azure"
    shortest = SHORTEST_EVALUATION_INTERVAL if in_azure else SHORTEST_EMBEDDED_INTERVAL
    if not shortest <= parse_duration(text) <= LONGEST_EVALUATION_INTERVAL:
        raise ValueError(f"it must be between {'PT5M' if in_azure else 'PT1S'} and PT168H")
    return text


Formula = Annotated[NotEmpty, AfterValidator(_reviewed)]
EvaluationInterval = Annotated[Duration, AfterValidator(_evaluated_as_allowed)]


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    if pair := contradiction(pool):
        one, other = map(spelling, pair)
        yield ArgumentFault(text=f"has both {one} and {other}; a pool is scaled in one way")
        return
    fixed = [name for name in FIXED if name in pool]
    if fixed and all(pool[name] == 0 for name in fixed):
        spot, dedicated = map(spelling, FIXED)
        yield ArgumentFault(text=f"has no nodes; give {spot} or {dedicated}, or neither for a pool that scales itself")
    if fixed and (interval := "auto_scale_evaluation_interval") in pool:
        yield ArgumentFault(text=f"has a fixed number of nodes, for which {spelling(interval)} means nothing")
    yield from _limit_faults(pool, spelling)


def _limit_faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield limits that contradict each other."""
    warm, most = pool.get("warm_up_nodes", 0), pool.get("max_spot_nodes", PendingTasks().max_spot_nodes)
    if warm > most:
        at, limit = spelling("warm_up_nodes"), spelling("max_spot_nodes")
        yield ArgumentFault(at=at, text=f"is {warm}; it must be at most {limit}, which is {most}")
    every = accepted_evaluation_interval(evaluation_interval(pool))
    if "hold" in pool and parse_duration(pool["hold"]) < every:
        text = f"is {pool['hold']}; it must be at least {duration_text(every)}, the time between evaluations"
        yield ArgumentFault(at=spelling("hold"), text=text)
    taken, slots = pool.get("slots_per_task", 1), pool.get("task_slots_per_node", 1)
    if isinstance(slots, int) and taken > slots:
        at, limit = spelling("slots_per_task"), spelling("task_slots_per_node")
        yield ArgumentFault(at=at, text=f"is {taken:g}; it must be at most {limit}, which is {slots}: no node has more")


def contradiction(given: Iterable[str]) -> tuple[str, str] | None:
    """Return two arguments that belong to different ways of scaling, or None."""
    known = set(given)
    firsts = (next((name for name in way if name in known), None) for way in (FIXED, FORMULA, FOLLOWING))
    ways = [name for name in firsts if name is not None]
    return (ways[0], ways[1]) if len(ways) > 1 else None


def slots_per_task(pool: Mapping[str, Any]) -> float | None:
    """Return the slots that the formula takes a task for; None for a pool that is scaled in another way."""
    if any(name in pool for name in (*FORMULA, *FIXED)):
        return None
    return float(pool.get("slots_per_task", PendingTasks().slots_per_task))


def scaling_in_document(scale: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the hand-over document says about a pool's scale settings."""
    fixed = scale.get("fixed_scale")
    return {
        "formula_digest": None if fixed else formula_digest(scale["auto_scale"]["formula"]),
        "spot_nodes": fixed["target_low_priority_nodes"] if fixed else None,
        "dedicated_nodes": fixed["target_dedicated_nodes"] if fixed else None,
    }


def evaluation_interval(pool: Mapping[str, Any]) -> timedelta:
    return parse_duration(pool.get("auto_scale_evaluation_interval", "PT5M"))


def following_formula(args: Mapping[str, Any], spot_quota_nodes: int = 0) -> str:
    """Return the formula that follows the tasks, with the pool's own limits.

    `spot_quota_nodes` are the nodes that the account's Spot quota allows. Without any, as in subscriptions that have no
    Spot, dedicated nodes stand in for all of them.
    """
    every = accepted_evaluation_interval(evaluation_interval(args))
    limits = {name: str(args[name]) for name in FOLLOWING if name in args}
    if 0 < spot_quota_nodes < args.get("max_spot_nodes", PendingTasks().max_spot_nodes):
        limits["spot_quota_nodes"] = str(spot_quota_nodes)
    return formula(scenario("pending_tasks", {**limits, "evaluation_interval": duration_text(every)}))
