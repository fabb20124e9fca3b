"""Nodes of a watched pool by state, and what they have cost so far."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from azure.batch import BatchClient
from azure.batch.models import BatchNode, BatchNodeCounts, BatchPoolNodeCounts

from shoal.azure.prices import NodePrice

NODES = 1000
"""Nodes whose age is read once: one page."""
NOT_PAID = {"deallocated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTally:
    """Nodes of a pool by state, from one request whatever its size."""

    dedicated: Mapping[str, int] = field(default_factory=dict)
    spot: Mapping[str, int] = field(default_factory=dict)

    @property
    def states(self) -> dict[str, int]:
        """Numbers of nodes, the most frequent state first."""
        return dict((Counter(self.dedicated) + Counter(self.spot)).most_common())


NO_NODES = NodeTally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Node hours of a pool since its job began."""

    dedicated_hours: float = 0.0
    spot_hours: float = 0.0

    @property
    def hours(self) -> float:
        return self.dedicated_hours + self.spot_hours

    def after(self, tally: NodeTally, passed: timedelta) -> "Spent":
        """Return the hours with those of the nodes that were there meanwhile."""
        hours = passed / timedelta(hours=1)
        return Spent(
            dedicated_hours=self.dedicated_hours + _paid(tally.dedicated) * hours,
            spot_hours=self.spot_hours + _paid(tally.spot) * hours,
        )

    def cost(self, price: NodePrice) -> float:
        return price.cost(dedicated_hours=self.dedicated_hours, spot_hours=self.spot_hours)


def read_tally(client: BatchClient, pool_id: str) -> NodeTally:
    counts = next(iter(client.list_pool_node_counts(filter=f"poolId eq '{pool_id}'")), None)
    return NO_NODES if counts is None else _tally(counts)


def read_tallies(client: BatchClient) -> dict[str, NodeTally]:
    """Return the tallies of all pools by their ids in lower case, as Batch compares them."""
    return {str(counts.pool_id).lower(): _tally(counts) for counts in client.list_pool_node_counts()}


def spent_before(client: BatchClient, pool_id: str, began: datetime, now: datetime) -> Spent:
    """Return the hours of the present nodes since the job began. Nodes that have left are not known any more."""
    nodes = client.list_nodes(pool_id, select=["allocationTime", "isDedicated"], max_results=NODES)
    return hours_since(began, now, islice(nodes, NODES))


def hours_since(began: datetime, now: datetime, nodes: Iterable[BatchNode]) -> Spent:
    spent = Spent()
    for node in nodes:
        if node.allocation_time is not None:
            one = {"running": 1}
            tally = NodeTally(dedicated=one) if node.is_dedicated else NodeTally(spot=one)
            spent = spent.after(tally, max(timedelta(), now - max(began, node.allocation_time)))
    return spent


def _tally(counts: BatchPoolNodeCounts) -> NodeTally:
    return NodeTally(dedicated=_by_state(counts.dedicated), spot=_by_state(counts.low_priority))


def _by_state(counts: BatchNodeCounts | None) -> dict[str, int]:
    """Return the states with nodes, in the words of Batch: `waitingForStartTask`."""
    if counts is None:
        return {}
    numbers: dict[str, int] = counts.as_dict()
    return {state: number for state, number in numbers.items() if number and state != "total"}


def _paid(states: Mapping[str, int]) -> int:
    return sum(number for state, number in states.items() if state not in NOT_PAID)
