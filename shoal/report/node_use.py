"""The nodes that a run's tasks ran on: how long each was held, and what that cost. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shoal.azure.prices import CURRENCY, LINUX_PRICES, SOURCE_AND_DAY
from shoal.report.record import Record, TaskRecord

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUse:
    """A node, from the start of the run's first task on it to the end of the last one."""

    node: str
    is_spot: bool | None
    """None where the node is gone and its id does not tell."""
    tasks: int
    failed: int
    first: datetime
    last: datetime
    busy: timedelta
    """The time of its tasks, each times its slots."""

    @property
    def held(self) -> timedelta:
        return self.last - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An estimate, from the least to the most: nodes that are gone may have been Spot nodes or dedicated ones."""

    vm_size: str
    spot_hours: float
    dedicated_hours: float
    unknown_hours: float
    """Hours of nodes of which is not known whether they were Spot nodes."""
    slot_share: float
    """The share of the slots of these hours in which tasks ran."""
    least: float | None
    """None for a size without a known price."""
    most: float | None
    currency: str = CURRENCY
    source: str = SOURCE_AND_DAY

    @property
    def hours(self) -> float:
        return self.spot_hours + self.dedicated_hours + self.unknown_hours


def node_uses(record: Record) -> list[NodeUse]:
    """Return the nodes in the order in which they began."""
    by_node: defaultdict[str, list[TaskRecord]] = defaultdict(list)
    for task in record.tasks:
        if task.node and task.started:
            by_node[task.node].append(task)
    uses = [_use(record, node, tasks) for node, tasks in by_node.items()]
    return sorted(uses, key=lambda use: (use.first, use.node))


def cost(record: Record, uses: Sequence[NodeUse]) -> Cost:
    spot, dedicated, unknown = (_hours(uses, kind) for kind in (True, False, None))
    price = LINUX_PRICES.get(record.pool.vm_size.lower())
    least = most = None
    if price is not None:
        known = price.cost(dedicated_hours=dedicated, spot_hours=spot)
        least, most = known + unknown * price.spot, known + unknown * price.dedicated
    slots = record.pool.slots_per_node * (spot + dedicated + unknown)
    busy = sum((use.busy for use in uses), timedelta()) / HOUR
    return Cost(
        vm_size=record.pool.vm_size,
        spot_hours=spot,
        dedicated_hours=dedicated,
        unknown_hours=unknown,
        slot_share=min(1.0, busy / slots) if slots else 0.0,
        least=least,
        most=most,
    )


def _use(record: Record, node: str, tasks: Sequence[TaskRecord]) -> NodeUse:
    ends = [task.ended or record.read_at for task in tasks]
    starts = [task.started for task in tasks if task.started]
    return NodeUse(
        node=node,
        is_spot=record.nodes_there.get(node, _kind_in_id(node)),
        tasks=len(tasks),
        failed=sum(task.failed for task in tasks),
        first=min(starts),
        last=max(ends),
        busy=sum(
            ((end - task.started) * task.slots for task, end in zip(tasks, ends, strict=True) if task.started),
            timedelta(),
        ),
    )


def _kind_in_id(node: str) -> bool | None:
    """Source: ids of nodes as Batch makes them, `tvmps_…_d` or `tvmps_…_p`; not documented."""
    return {"_p": True, "_d": False}.get(node[-2:])


def _hours(uses: Sequence[NodeUse], kind: bool | None) -> float:
    return sum((use.held for use in uses if use.is_spot is kind), timedelta()) / HOUR
