"""Rules, the formulas that they examine, and their findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from shoal.autoscale.checking import Checked
from shoal.autoscale.compilation import Program, compile_formula
from shoal.autoscale.lint.bounds import Bounds, bounds_of
from shoal.autoscale.lint.flows import Flows, flows_of
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Formula
from shoal.autoscale.ticks import from_timedelta
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL

DEFAULT_INTERVAL = from_timedelta(DEFAULT_EVALUATION_INTERVAL)
"""In ticks."""


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

    def __init__(self, checked: Checked, *, interval: int = DEFAULT_INTERVAL, fixed_too: bool = False) -> None:
        self.checked = checked
        self.fixed_too = fixed_too
        """True where fixed node counts stand beside the formula in its document."""
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
    def bounds(self) -> Bounds:
        return bounds_of(self.checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    why: str
    """The trouble that such a formula causes in a pool."""
    find: Callable[[Subject], Iterable[Finding]]
