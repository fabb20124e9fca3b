"""A measured figure, with the figure of a peer where one was measured beside it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None

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
        }


def _rounded(value: float) -> float:
    """Round to three digits: a run on a shared machine is not more precise."""
    return float(f"{value:.3g}")
