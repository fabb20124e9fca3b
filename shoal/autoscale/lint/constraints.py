"""Comparisons of terms with numbers, and the contradictions between them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Constraint:
    """A comparison `term operator number`; equal terms have equal texts."""

    term: str
    operator: str
    number: float
    names: frozenset[str]
    """The variables in the term."""


def contradiction(constraints: Iterable[Constraint]) -> str | None:
    """Return a term whose constraints no number satisfies, or None."""
    by_term: dict[str, list[Constraint]] = {}
    for one in constraints:
        by_term.setdefault(one.term, []).append(one)
    return next((term for term, on_term in by_term.items() if _unsatisfiable(on_term)), None)


def _unsatisfiable(constraints: list[Constraint]) -> bool:
    low = max((one.number for one in constraints if one.operator in {">", ">=", "=="}), default=-math.inf)
    high = min((one.number for one in constraints if one.operator in {"<", "<=", "=="}), default=math.inf)
    # A strict bound counts as its limit, which it then excludes.
    excluded = {one.number for one in constraints if one.operator in {"<", ">", "!="}}
    return low > high or (low == high and low in excluded)
