"""What a rule is, what it looks at and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from shoal.autoscale.checking import Checked
from shoal.autoscale.compilation import Program, compile_formula
from shoal.autoscale.lint.bounds import Bounds, bounds_of
from shoal.autoscale.lint.flows import Flows, flows_of
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Formula
from shoal.autoscale.ticks import MINUTE

DEFAULT_INTERVAL = 15 * MINUTE
"""Source: REST reference, autoScaleEvaluationInterval: 15 minutes unless given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    rule: str
    span: Span
    message: str
    """What is wrong with this formula, here."""
    mend: str


class Subject:
    """A formula that fits the types, with what the rules ask of it, worked out once."""

    def __init__(self, checked: Checked, *, interval: int = DEFAULT_INTERVAL, fixed_too: bool = False) -> None:
        self.checked = checked
        self.fixed_too = fixed_too
        """Whether fixed numbers of nodes stand beside the formula, where it was found."""
        self.interval = interval
        """Between two evaluations, in ticks."""

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
    """What goes wrong in a pool with such a formula."""
    find: Callable[[Subject], Iterable[Finding]]
