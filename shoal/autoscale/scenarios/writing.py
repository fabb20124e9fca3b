"""The layout of a formula: each statement stands under a comment that gives its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from shoal.autoscale.printing import number_text
from shoal.autoscale.ticks import from_timedelta, interval_text


@dataclass(frozen=True, slots=True)
class Line:
    why: str
    statement: str


def written(title: str, lines: Iterable[Line], *, every: timedelta, off: str | None = None) -> str:
    """Return the text of a formula. `every` is its evaluation interval, `off` a lint rule that it breaks on purpose."""
    head = [title, f"shoal: every {interval_text(from_timedelta(every))}", *([f"shoal: off {off}"] if off else [])]
    body = [f"// {line.why}\n{line.statement};" for line in lines]
    return "\n".join([*(f"// {line}" for line in head), "", *body]) + "\n"


def minutes(duration: timedelta) -> str:
    """Write a duration in the formula language."""
    return f"TimeInterval_Minute * {number_text(duration / timedelta(minutes=1))}"
