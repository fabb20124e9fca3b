"""Approximate prices of a node-hour, for estimates where nobody has given a price.

Source: public price pages of Azure (Linux, West Europe, pay as you go, US dollars), rounded, and not looked up again on
the table's day. Spot prices change from month to month and are only an order of magnitude. Since March 2026 Batch
bills `targetLowPriorityNodes` by the Spot meters (Azure/Batch#196); the "Low Priority" meters are past.
"""

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 22)
REGION = "West Europe"
CURRENCY = "USD"
SOURCE = f"approximate figures for Linux in {REGION}, not looked up for this day"
SOURCE_AND_DAY = f"{SOURCE}; {AS_OF}"
"""The sentence beside a cost that these prices give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePrice:
    """Price of a node for an hour."""

    dedicated: float
    spot: float

    def cost(self, *, dedicated_hours: float, spot_hours: float) -> float:
        return dedicated_hours * self.dedicated + spot_hours * self.spot


LINUX_PRICES = {
    "standard_d2s_v3": NodePrice(dedicated=0.12, spot=0.03),
    "standard_d4s_v3": NodePrice(dedicated=0.24, spot=0.06),
    "standard_d2s_v5": NodePrice(dedicated=0.115, spot=0.025),
    "standard_d4s_v5": NodePrice(dedicated=0.23, spot=0.05),
    "standard_d8s_v5": NodePrice(dedicated=0.46, spot=0.1),
    "standard_e16ds_v5": NodePrice(dedicated=1.39, spot=0.3),
}
"""Prices of the sizes that the examples use."""
