"""Progress of stages, nodes and cost of a watched job."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models

from shoal.azure.prices import NodePrice
from shoal.connect import Services
from shoal.runs.job_details import JobDetails
from shoal.runs.job_queries import BatchJobQueries
from shoal.runs.pool_cost import NodeTally, Spent, hours_since
from shoal.runs.progress import LARGE, Counts, Snapshot
from shoal.runs.stage_counts import READ, StageCounts, Unfinished, stage_views
from shoal.runs.watch import interval
from tests.runs.batch_jobs import add_job, task
from tests.waiting import wait_until

TOTALS = {"split": 100, "work": 4000, "check": 2000, "merge": 1}
MANY = Unfinished(active=READ, running=8)
WAITING = Unfinished(active=READ, running=0)
NONE = Unfinished(active=0, running=0)


@pytest.mark.parametrize(
    ("completed", "known", "numbers", "estimates"),
    [
        (0, {}, [0, 0, 0, 0], []),
        (40, {"split": Unfinished(active=50, running=10), "work": WAITING}, [40, 0, 0, 0], []),
        (1100, {"split": NONE, "work": MANY, "check": WAITING}, [100, 1000, 0, 0], []),
        (1100, {"split": NONE, "work": MANY, "check": MANY}, [100, 666, 333, 0], ["work", "check"]),
        (6101, dict.fromkeys(TOTALS, NONE), [100, 4000, 2000, 1], []),
        (9999, {"split": NONE, "work": MANY}, [100, 4000, 0, 0], []),
    ],
    ids=["nothing known", "first runs", "second is large", "two are large", "all done", "counts are ahead"],
)
def test_stages_are_counted_from_what_is_left_of_them(
    completed: int, known: dict[str, Unfinished], numbers: list[int], estimates: list[str]
) -> None:
    views = stage_views(TOTALS, Counts(succeeded=completed), known)
    assert [view.completed for view in views] == numbers
    assert [view.name for view in views if view.is_estimate] == estimates


def test_stages_of_a_real_job_are_asked_about_in_turn_until_they_are_done(services: Services, name: str) -> None:
    add_job(services, name, task("a-1", "true"), task("a-2", "true"), task("ab-1", "sleep 30"), task("c", "sleep 30"))
    counts = StageCounts(services.batch, name, {"a": 2, "ab": 1, "c": 1})
    wait_until(lambda: services.batch.get_job_task_counts(name).task_counts.succeeded == 2)
    seen = [counts.read(Counts(succeeded=2, running=2)) for _ in range(2)][-1]
    assert {view.name: (view.completed, view.running) for view in seen} == {"a": (2, 0), "ab": (0, 1), "c": (0, 1)}


def test_node_hours_are_those_of_present_nodes_since_the_job_began_and_of_each_interval() -> None:
    began = datetime(2026, 3, 1, 12, tzinfo=UTC)
    nodes = [
        models.BatchNode({"allocationTime": (began - timedelta(hours=5)).isoformat(), "isDedicated": True}),
        models.BatchNode({"allocationTime": (began + timedelta(hours=1)).isoformat(), "isDedicated": False}),
    ]
    before = hours_since(began, began + timedelta(hours=2), nodes)
    assert before == Spent(dedicated_hours=2, spot_hours=1)
    tally = NodeTally(dedicated={"idle": 1, "deallocated": 5}, spot={"running": 3, "starting": 1})
    assert tally.states == {"deallocated": 5, "running": 3, "idle": 1, "starting": 1}
    later = before.after(tally, timedelta(minutes=30))
    assert later == Spent(dedicated_hours=2.5, spot_hours=3)
    assert later.cost(NodePrice(dedicated=2, spot=1)) == 8


def test_large_job_is_asked_about_at_most_once_a_second(
    services: Services, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    add_job(services, name, task("a-1", "sleep 30"), task("b", "sleep 30"), ends=False)
    queries, details, now = BatchJobQueries(services.batch, name), JobDetails(services, name), 0.0
    counts = Counts(active=LARGE - 10_000, succeeded=10_000)
    with caplog.at_level(logging.INFO, logger="azure.core.pipeline.policies.http_logging_policy"):
        while now < 60:
            queries.read()
            shown = details.on_snapshot(Snapshot(at=now, counts=counts, job_state="active"))
            now += interval(now, LARGE)
    requests = sum(record.getMessage().startswith("Request URL") for record in caplog.records)
    assert 24 < requests <= 48  # recovery of nodes is another request in five seconds
    assert (shown.pool, shown.cost is not None) == (services.environment.pools["spot"].id, True)
    assert shown.nodes.states


def test_small_job_is_asked_about_often_while_it_is_young() -> None:
    assert [interval(passed, 10) for passed in (0, 20, 1000)] == [0.3, 1.0, 5.0]
    assert interval(0, LARGE) == 5.0
