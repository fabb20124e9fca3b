"""The trade-off between cost and time of a pool that follows its tasks.

Tasks shorter than the time between two evaluations may take turns on a slot, so that fewer nodes boot for them.
The figures were found by `tools/search_formulas.py`; docs/autoscale.md shows what each choice costs.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never


class TradeOff(StrEnum):
    ECONOMY = "economy"
    """Few nodes: short tasks wait for a slot up to three evaluations."""
    BALANCED = "balanced"
    """Short tasks wait for a slot up to one evaluation."""
    FAST = "fast"
    """Short tasks wait for a slot up to three minutes at the usual interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    hold: timedelta
    """Time that nodes stay after they are last needed, unless the user gives one."""
    turns: float
    """Evaluations within which the tasks that wait shall have run."""


def terms(trade_off: TradeOff) -> Terms:
    match trade_off:
        case TradeOff.ECONOMY:
            return Terms(hold=timedelta(seconds=30), turns=3)
        case TradeOff.BALANCED:
            return Terms(hold=timedelta(minutes=1), turns=1)
        case TradeOff.FAST:
            return Terms(hold=timedelta(minutes=1), turns=0.6)
        case _:
            assert_never(trade_off)
