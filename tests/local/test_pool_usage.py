"""Usage of pools: half hours of cores, and the time of dedicated cores."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient

from shoal.local import times
from shoal.local.scheduler import node_lifecycle
from shoal.local.store.node import Node
from shoal.local.store.pool_usage import PoolUsage, dedicated_time, last_interval, usage_query
from tests.local.making import make_pool, wait_for_nodes
from tests.local.paper import NOON, PoolOnPaper
from tests.raw import Raw

IDLE = "$TargetLowPriorityNodes = 0;"
START = NOON - NOON % (30 * times.MINUTE)
"""Begin of the half hour in which pools on paper are made; NOON is 13 min 20 s later."""


@pytest.fixture
def pool(tmp_path: Path) -> PoolOnPaper:
    return PoolOnPaper(tmp_path, IDLE, "PT5M")


def used(pool: PoolOnPaper, *, start: int = START, end: int = START + 2 * times.HOUR) -> list[tuple[int, float]]:
    """Return minutes of nodes by the number of the half hour."""
    query, values = usage_query(pool.record.account, start=start, end=end, condition="1", parameters=[])
    rows = [PoolUsage.from_row(row) for row in pool.connection.execute(query, values)]
    return [((row.began - START) // (30 * times.MINUTE), round(row.node_time / times.MINUTE, 3)) for row in rows]


def test_nodes_count_in_each_half_hour_from_their_coming_to_their_going(pool: PoolOnPaper) -> None:
    pool.size(pool.at(0), spot=1, dedicated=2)
    pool.size(pool.at(40 * 60), spot=0, dedicated=2)
    assert used(pool) == [(0, 50), (1, 83.333), (2, 60), (3, 60)]
    assert used(pool, start=START + 1, end=START + 2 * times.HOUR - 1) == [(1, 83.333), (2, 60)]


def test_preempted_node_counts_only_while_it_has_a_machine(pool: PoolOnPaper) -> None:
    pool.size(pool.at(0), spot=1)
    (node,) = pool.at(0).all(Node.from_row, "SELECT * FROM busy_nodes")
    node_lifecycle.preempt(pool.at(60), node)
    node_lifecycle.boot(pool.at(120), node.id)
    node_lifecycle.boot(pool.at(180), node.id)
    pool.size(pool.at(240), spot=0)
    assert used(pool) == [(0, 3)]


def test_only_dedicated_nodes_of_the_pool_itself_count_in_its_statistics(pool: PoolOnPaper) -> None:
    pool.connection.execute(
        "INSERT INTO node_usage SELECT 'earlier', account, id, 'x', 1, created - 9, created - 1 FROM pools"
    )
    pool.size(pool.at(0), spot=3, dedicated=2)
    pool.size(pool.at(60), spot=3, dedicated=1)
    assert dedicated_time(pool.connection, pool.record, NOON + 90 * times.SECOND) == [("x", 150 * times.SECOND)]


def test_times_of_a_pool_that_is_gone_are_forgotten_after_ninety_days(pool: PoolOnPaper) -> None:
    pool.connection.execute("INSERT INTO node_usage SELECT 'old', account, 'gone', 'x', 1, 1, 2 FROM pools")
    pool.size(pool.at(0), spot=1)
    pool.size(pool.at(60), spot=0)
    assert [row["pool_id"] for row in pool.connection.execute("SELECT pool_id FROM node_usage")] == ["p"]


def test_names_of_usages_are_in_their_order(pool: PoolOnPaper) -> None:
    for pool_id, size in (("p-2", "x"), ("P", "y"), ("p", "x"), ("p_1", "x"), ("q", "x")):
        pool.connection.execute(
            "INSERT INTO node_usage SELECT ?, account, ?, ?, 1, ?, ? FROM pools",
            (f"{pool_id} {size}", pool_id, size, START, START + times.HOUR),
        )
    query, values = usage_query(pool.record.account, start=START, end=START + times.HOUR, condition="1", parameters=[])
    names = [PoolUsage.from_row(row).name for row in pool.connection.execute(query, values)]
    assert len(names) == 10
    assert names == sorted(set(names))


def test_last_interval_is_the_last_whole_half_hour() -> None:
    assert last_interval(NOON) == (START - 30 * times.MINUTE, START)
    assert last_interval(START) == (START - 30 * times.MINUTE, START)


def test_pool_shows_the_time_of_its_dedicated_cores(client: BatchClient, name: str) -> None:
    make_pool(client, name, nodes=1)
    wait_for_nodes(client, name, nodes=1)
    assert client.get_pool(name).pool_statistics is None
    for shown in (
        client.get_pool(name, expand=["stats"]),
        *client.list_pools(filter=f"id eq '{name}'", expand=["stats"]),
    ):
        statistics = shown.pool_statistics
        assert statistics is not None
        assert statistics.usage_statistics is not None
        # standard_d2s_v3 has two cores.
        longest = 2 * (statistics.last_update_time - statistics.start_time)
        assert timedelta() < statistics.usage_statistics.dedicated_core_time <= longest


def test_no_metrics_are_shown_of_an_interval_that_goes_on(client: BatchClient, name: str) -> None:
    now = datetime.now(UTC)
    known = client.list_pool_usage_metrics(start_time=now - timedelta(days=400), end_time=now + timedelta(days=1))
    assert all(metrics.end_time <= datetime.now(UTC) for metrics in known)
    assert list(client.list_pool_usage_metrics(filter=f"poolId eq '{name}'")) == []


@pytest.mark.parametrize(
    "query", [{"startTime": "soon"}, {"startTime": "2030-01-01T00:00:00Z", "endtime": "2029-01-01T00:00:00Z"}]
)
def test_span_of_time_that_is_none_is_refused(raw: Raw, query: dict[str, Any]) -> None:
    answer = raw("GET", "/poolusagemetrics", query=query)
    assert (answer.status, answer.code) == (400, "InvalidQueryParameterValue")
