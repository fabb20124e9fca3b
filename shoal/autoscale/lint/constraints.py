"""Comparisons of one thing with numbers, and whether they can hold together."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Constraint:
    """`term operator number`; terms that mean the same are written the same."""

    term: str
    operator: str
    number: float
    names: frozenset[str]
    """The variables in the term."""


def contradiction(constraints: Iterable[Constraint]) -> str | None:
    """The term of which no number satisfies all that is asked of it."""
    by_term: dict[str, list[Constraint]] = {}
    for one in constraints:
        by_term.setdefault(one.term, []).append(one)
    return next((term for term, asked in by_term.items() if _empty(asked)), None)


def _empty(asked: list[Constraint]) -> bool:
    low = max((one.number for one in asked if one.operator in {">", ">=", "=="}), default=-math.inf)
    high = min((one.number for one in asked if one.operator in {"<", "<=", "=="}), default=math.inf)
    excluded = {one.number for one in asked if one.operator in {"<", ">", "!="}}
    return low > high or (low == high and low in excluded)
