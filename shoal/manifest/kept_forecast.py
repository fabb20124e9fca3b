"""The forecast of a run at its submission, as its manifest keeps it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRun:
    makespan_seconds: float
    """Time from the submission to the end of the last task."""
    node_hours: float
    cost: float | None
    """Cost of the nodes that the pool was expected to have. None where the price of their size is not known."""
    currency: str
    course: Sequence[tuple[float, int]]
    """Seconds since the submission, and the tasks that have ended by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptForecast:
    expected: ExpectedRun | None
    source: str
    """The source of the durations of tasks, or the reason why nothing was forecast."""
