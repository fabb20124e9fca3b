"""The price of a node-hour for a forecast, with its source and its day."""

from collections.abc import Mapping
from dataclasses import dataclass

from shoal.azure.prices import AS_OF, CURRENCY, LINUX_PRICES, SOURCE, NodePrice


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices by VM size, in lower case."""

    nodes: Mapping[str, NodePrice]
    currency: str
    source: str
    as_of: str
    """The day on which the prices held, as people write it."""


APPROXIMATE = PriceList(nodes=LINUX_PRICES, currency=CURRENCY, source=SOURCE, as_of=AS_OF.isoformat())
"""The project's own table, whose figures have no public source of that day."""
