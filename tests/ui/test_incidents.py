"""Evictions and resize errors over time."""

from datetime import UTC, datetime, timedelta

from shoal.nodes.pool_nodes import PoolNode
from shoal.ui.incidents import MOST, Incident, Incidents

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def taken(node: str, minutes: int) -> PoolNode:
    return PoolNode(id=node, state="preempted", since=later(minutes))


def test_eviction_counts_once_at_the_time_that_batch_tells_and_again_when_the_node_is_taken_again() -> None:
    incidents = Incidents()
    incidents.on_reading([taken("a", 0), PoolNode(id="b", state="idle", since=NOON)], [], later(5))
    incidents.on_reading([taken("a", 0)], [], later(6))
    incidents.on_reading([PoolNode(id="a", state="idle", since=later(7))], [], later(7))
    incidents.on_reading([taken("a", 8)], [], later(9))
    assert [(one.at, one.kind, one.text) for one in incidents.rows] == [
        (later(8), "eviction", "a"),
        (NOON, "eviction", "a"),
    ]


def test_resize_error_counts_when_it_appears_and_again_after_it_was_gone() -> None:
    incidents = Incidents()
    for minute, errors in enumerate([["AllocationTimedout"], ["AllocationTimedout"], [], ["AllocationTimedout"]]):
        incidents.on_reading([], errors, later(minute))
    assert incidents.rows == (
        Incident(at=later(3), kind="resize error", text="AllocationTimedout"),
        Incident(at=NOON, kind="resize error", text="AllocationTimedout"),
    )


def test_only_the_latest_incidents_are_kept() -> None:
    incidents = Incidents()
    incidents.on_reading([taken(f"n{number:03}", number) for number in range(MOST + 1)], [], later(0))
    assert len(incidents.rows) == MOST
    assert "n000" not in {one.text for one in incidents.rows}
