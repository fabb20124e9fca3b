"""Rules, the formulas that they examine, and their findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from shoal.autoscale.checking import Checked
from shoal.autoscale.compilation import Program, compile_formula
from shoal.autoscale.lint.bounds import Bounds, bounds_of
from shoal.autoscale.lint.flows import Flows, flows_of
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Formula, Text, postorder
from shoal.autoscale.ticks import from_timedelta, parse_timestamp, to_datetime
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL

DEFAULT_INTERVAL = from_timedelta(DEFAULT_EVALUATION_INTERVAL)
"""In ticks."""
_MOST_DATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    rule: str
    span: Span
    message: str
    """The problem of this formula at this place."""
    mend: str
    """The way to fix it."""


class Subject:
    """A formula that fits the types, and the analyses that the rules share, each computed once."""

    def __init__(
        self, checked: Checked, *, interval: int = DEFAULT_INTERVAL, fixed_too: bool = False, slots: int | None = None
    ) -> None:
        self.checked = checked
        self.fixed_too = fixed_too
        """True where fixed node counts stand beside the formula in its document."""
        self.slots = slots
        """Task slots of a node, where the document says them."""
        self.interval = interval
        """Time between two evaluations, in ticks."""

    @property
    def formula(self) -> Formula:
        return self.checked.formula

    @cached_property
    def program(self) -> Program:
        return compile_formula(self.checked)

    @cached_property
    def flows(self) -> Flows:
        return flows_of(self.formula)

    @cached_property
    def open_bounds(self) -> Bounds:
        """Return the bounds of numbers while the formula's settings, which are constants, may have any value."""
        return bounds_of(self.checked, open_settings=True)

    @property
    def counts_all_samples(self) -> bool:
        """Return whether the formula asks how many samples there are at all, which tells a new pool from others."""
        return any(origin.method in {"Count", "HistoryBeginTime"} for origin in self.flows.origins)

    @cached_property
    def dates(self) -> list[datetime]:
        """Return moments shortly before the first dates that the formula mentions."""
        texts = [
            part.value
            for statement in self.formula.statements
            for part in postorder(statement.value)
            if isinstance(part, Text)
        ]
        return [moment for text in texts[:_MOST_DATES] if (moment := _shortly_before(text))]

    @cached_property
    def bounds(self) -> Bounds:
        return bounds_of(self.checked)


def _shortly_before(text: str) -> datetime | None:
    try:
        return to_datetime(parse_timestamp(text)) - timedelta(days=7)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    why: str
    """The trouble that such a formula causes in a pool."""
    find: Callable[[Subject], Iterable[Finding]]
