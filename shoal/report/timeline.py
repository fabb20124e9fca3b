"""The tasks of each node over time. Pure.

Few tasks on few nodes are boxes of their own. Many are counted: time is cut into steps, and a node shows the share of
its slots in which tasks ran in each step. So a report of a million tasks is as small as one of five hundred.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shoal.report.node_use import NodeUse
from shoal.report.record import Record, TaskRecord

MOST_BOXES = 400
"""Tasks that are shown one by one."""
MOST_NODES = 40
"""Nodes that have a row of their own."""
STEPS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBox:
    task: TaskRecord
    start: float
    """As a share of the whole time, as `end`."""
    end: float
    lane: int
    """The row within its node, from 0, of tasks that ran beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    label: str
    node: str
    """The whole id, or empty for several nodes."""
    tasks: int
    failed: int
    lanes: int = 1
    boxes: Sequence[TaskBox] = ()
    shares: Sequence[float] = ()
    """The share of its slots in which tasks ran, for each step."""
    failures: Sequence[int] = ()
    """The steps in which tasks of it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    start: datetime
    end: datetime
    rows: Sequence[NodeRow]
    running: Sequence[float] = field(default_factory=list)
    """The number of tasks that ran, on average over each step."""
    is_counted: bool = False

    @property
    def step(self) -> timedelta:
        return (self.end - self.start) / STEPS

    @property
    def peak(self) -> float:
        return max(self.running, default=0.0)


def timeline(record: Record, uses: Sequence[NodeUse]) -> Timeline | None:
    """Return None where no task has begun."""
    ran = [task for task in record.tasks if task.started and task.node]
    if not ran:
        return None
    start, end = min(use.first for use in uses), max(use.last for use in uses)
    span = Span(start=start, end=max(end, start + timedelta(milliseconds=1)), read_at=record.read_at)
    is_counted = len(ran) > MOST_BOXES or len(uses) > MOST_NODES
    rows = _counted_rows(ran, uses, span, record.pool.slots_per_node) if is_counted else _box_rows(ran, uses, span)
    return Timeline(
        start=span.start, end=span.end, rows=rows, running=span.busy_steps(ran, slots=False), is_counted=is_counted
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that the chart shows."""

    start: datetime
    end: datetime
    read_at: datetime

    def place(self, task: TaskRecord) -> tuple[float, float]:
        """Return the start and end of a task as shares of the span; of one that runs, to the moment of the report."""
        length = self.end - self.start
        start = ((task.started or self.start) - self.start) / length
        end = ((task.ended or self.read_at) - self.start) / length
        return start, min(1.0, max(start, end))

    def busy_steps(self, tasks: Iterable[TaskRecord], *, slots: bool) -> list[float]:
        """Return how many tasks, or slots, were busy in each step, on average."""
        # Whole steps are kept as differences, so that a long task costs as much as a short one.
        parts, changes = [0.0] * STEPS, [0.0] * (STEPS + 1)
        for task in tasks:
            weight = float(task.slots) if slots else 1.0
            start, end = (share * STEPS for share in self.place(task))
            first, last = min(int(start), STEPS - 1), min(int(end), STEPS - 1)
            if first == last:
                parts[first] += (end - start) * weight
                continue
            parts[first] += (first + 1 - start) * weight
            parts[last] += (end - last) * weight
            changes[first + 1] += weight
            changes[last] -= weight
        return [part + whole for part, whole in zip(parts, _sums(changes), strict=False)]


def _sums(changes: Iterable[float]) -> Iterator[float]:
    total = 0.0
    for change in changes:
        total += change
        yield total


def _box_rows(tasks: Sequence[TaskRecord], uses: Sequence[NodeUse], span: Span) -> list[NodeRow]:
    by_node = _by_node(tasks)
    rows = []
    for number, use in enumerate(uses, start=1):
        boxes = _in_lanes(by_node[use.node], span)
        lanes = 1 + max(box.lane for box in boxes)
        rows.append(_row(use, number, lanes=lanes, boxes=boxes))
    return rows


def _in_lanes(tasks: Sequence[TaskRecord], span: Span) -> list[TaskBox]:
    """Put each task into the first lane that is free when it begins."""
    free, ends, boxes = list[int](), list[tuple[float, int]](), list[TaskBox]()
    for task in sorted(tasks, key=lambda task: (span.place(task), task.id)):
        start, end = span.place(task)
        while ends and ends[0][0] <= start:
            heapq.heappush(free, heapq.heappop(ends)[1])
        lane = heapq.heappop(free) if free else len(ends)
        heapq.heappush(ends, (end, lane))
        boxes.append(TaskBox(task=task, start=start, end=end, lane=lane))
    return boxes


def _counted_rows(tasks: Sequence[TaskRecord], uses: Sequence[NodeUse], span: Span, slots: int) -> list[NodeRow]:
    by_node = _by_node(tasks)
    numbered = list(enumerate(uses, start=1))
    if len(uses) > MOST_NODES:
        most_used = sorted(numbered, key=lambda one: -one[1].tasks)[: MOST_NODES - 1]
        numbered = sorted(most_used, key=lambda one: one[0])
    rows = [
        _row(use, number, shares=_shares(by_node[use.node], span, slots), failures=_failures(by_node[use.node], span))
        for number, use in numbered
    ]
    rest = by_node.keys() - {use.node for _, use in numbered}
    return [*rows, _other_nodes([by_node[node] for node in rest], span, slots)] if rest else rows


def _other_nodes(groups: Sequence[Sequence[TaskRecord]], span: Span, slots: int) -> NodeRow:
    tasks = [task for group in groups for task in group]
    return NodeRow(
        label=f"{len(groups)} other nodes",
        node="",
        tasks=len(tasks),
        failed=sum(task.failed for task in tasks),
        shares=_shares(tasks, span, slots * len(groups)),
        failures=_failures(tasks, span),
    )


def _row(
    use: NodeUse,
    number: int,
    *,
    lanes: int = 1,
    boxes: Sequence[TaskBox] = (),
    shares: Sequence[float] = (),
    failures: Sequence[int] = (),
) -> NodeRow:
    return NodeRow(
        label=f"node {number}",
        node=use.node,
        tasks=use.tasks,
        failed=use.failed,
        lanes=lanes,
        boxes=boxes,
        shares=shares,
        failures=failures,
    )


def _shares(tasks: Iterable[TaskRecord], span: Span, slots: int) -> list[float]:
    return [min(1.0, busy / slots) for busy in span.busy_steps(tasks, slots=True)]


def _failures(tasks: Iterable[TaskRecord], span: Span) -> list[int]:
    return sorted({min(STEPS - 1, int(span.place(task)[1] * STEPS)) for task in tasks if task.failed})


def _by_node(tasks: Iterable[TaskRecord]) -> dict[str, list[TaskRecord]]:
    by_node: defaultdict[str, list[TaskRecord]] = defaultdict(list)
    for task in tasks:
        by_node[task.node].append(task)
    return by_node
