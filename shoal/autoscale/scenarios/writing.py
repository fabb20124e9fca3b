"""How a formula is laid out: each statement under a comment that says why it is there."""

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
    """The text of a formula made for evaluation `every` so often; `off` is a rule that it breaks on purpose."""
    head = [title, f"shoal: every {interval_text(from_timedelta(every))}", *([f"shoal: off {off}"] if off else [])]
    body = [f"// {line.why}\n{line.statement};" for line in lines]
    return "\n".join([*(f"// {line}" for line in head), "", *body]) + "\n"


def minutes(duration: timedelta) -> str:
    """The duration as the language writes it."""
    return f"TimeInterval_Minute * {number_text(duration / timedelta(minutes=1))}"
