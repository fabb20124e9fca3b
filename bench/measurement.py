"""A measured figure, with the figure of a peer where one was measured beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

LESS_IS_BETTER = ("s", "CPU s", "MB", "requests/s", "exponent")
"""Units of which less is better; of all others more is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row that was not measured, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    spread: tuple[float, float] | None = None
    """The smallest and the largest value, where it was measured several times."""

    @property
    def ratio(self) -> float | None:
        """Return our value divided by the peer's: above 1, more of the unit than the peer."""
        return None if self.peer_value is None else self.value / self.peer_value

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": None if self.peer_value is None else _rounded(self.peer_value),
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "spread": None if self.spread is None else [_rounded(value) for value in self.spread],
        }


def repeated(name: str, unit: str, ours: Sequence[float], peer: str, theirs: Sequence[float]) -> Measurement:
    """Return the medians of pairs that were measured in turns."""
    return Measurement(
        name=name,
        value=median(ours),
        unit=unit,
        peer=peer,
        peer_value=median(theirs),
        spread=(min(ours), max(ours)),
    )


def _rounded(value: float) -> float:
    """Round to three digits: a run on a shared machine is not more precise."""
    return float(f"{value:.3g}")
