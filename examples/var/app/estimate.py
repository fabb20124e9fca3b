"""The result of one task: the record that the simulation writes and the merge reads."""

from __future__ import annotations

import json
from typing import NamedTuple


class Estimate(NamedTuple):
    """Risks are fractions of the position, to six places; the horizon is in months."""

    ticker: str
    horizon: int
    confidence: float
    seed: int
    paths: int
    value_at_risk: float
    expected_shortfall: float


def to_json(estimate: Estimate) -> str:
    return json.dumps(estimate._asdict(), indent=2) + "\n"


def from_json(text: str) -> Estimate:
    """Raises ValueError where the text is not JSON or its keys are not those of an estimate."""
    fields = json.loads(text)
    if not isinstance(fields, dict) or set(fields) != set(Estimate._fields):
        raise ValueError(f"not an estimate; its keys must be {', '.join(Estimate._fields)}")
    return Estimate(**fields)
