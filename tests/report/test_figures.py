"""Counts, times, node-hours and cost of a run."""

from datetime import timedelta

import pytest

from shoal.report.histogram import histogram
from shoal.report.node_use import cost, node_uses
from shoal.report.record import PoolRecord
from shoal.report.stage_figures import by_stage, of_run
from shoal.report.timeline import MOST_BOXES, MOST_NODES, STEPS, timeline
from shoal.report.units import shown_amount, shown_duration
from tests.report.records import SPOT, record, task

HOUR = 3600


def test_figures_count_tasks_by_result_and_state_and_sum_their_attempts() -> None:
    figures = of_run(
        record(
            [
                task(1, 1, 2),
                task(2, 1, 4, result="failure", retries=2),
                task(3, 1, None, requeues=1),
                task(4, 0, None, state="active", started=None),
            ]
        )
    )
    assert (figures.tasks, figures.succeeded, figures.failed, figures.running, figures.waiting) == (4, 1, 1, 1, 1)
    assert (figures.retried, figures.retries, figures.requeues) == (1, 2, 1)


def test_median_and_high_time_are_times_that_tasks_took() -> None:
    duration = of_run(record([task(number, 0, number) for number in range(1, 21)])).duration
    assert duration is not None
    assert (duration.median, duration.high, duration.longest) == tuple(timedelta(seconds=s) for s in (10, 19, 20))


def test_stages_come_in_the_order_of_the_job_file_and_unknown_ones_last() -> None:
    tasks = [task(1, 0, 1, stage=stage) for stage in ("", "merge", "split")]
    assert [stage.name for stage in by_stage(record(tasks, stages=["split", "merge", "never"]))] == [
        "split",
        "merge",
        "",
    ]


def test_makespan_goes_from_the_first_creation_to_the_last_end() -> None:
    assert record([task(1, 5, 7), task(2, 6, 90)]).makespan == timedelta(seconds=90)


def test_node_counts_from_its_first_start_to_its_last_end_and_costs_what_its_kind_costs() -> None:
    dedicated = f"tvmps_{'b' * 64}_d"
    run = record([task(1, 0, HOUR / 2), task(2, HOUR, 2 * HOUR), task(3, 0, HOUR, node=dedicated, slots=2)])
    uses = node_uses(run)
    assert [(use.node, use.is_spot, use.tasks, use.held / timedelta(hours=1)) for use in uses] == [
        (SPOT, True, 2, 2.0),
        (dedicated, False, 1, 1.0),
    ]
    result = cost(run, uses)
    assert (result.spot_hours, result.dedicated_hours, result.hours) == (2.0, 1.0, 3.0)
    assert result.least == result.most == pytest.approx(2 * 0.03 + 0.12)
    assert result.slot_share == pytest.approx((0.5 + 1 + 2) / 12)
    assert "2026-11-22" in result.source


def test_what_batch_says_of_a_node_counts_more_than_its_id_and_an_unknown_kind_gives_a_range() -> None:
    run = record([task(1, 0, HOUR), task(2, 0, HOUR, node="mine")], nodes_there={SPOT: False})
    result = cost(run, node_uses(run))
    assert (result.spot_hours, result.dedicated_hours, result.unknown_hours) == (0, 1.0, 1.0)
    assert [result.least, result.most] == pytest.approx([0.12 + 0.03, 0.24])


def test_size_without_a_price_has_hours_and_no_cost() -> None:
    run = record([task(1, 0, HOUR)], pool=PoolRecord(id="p", vm_size="standard_x"))
    result = cost(run, node_uses(run))
    assert (result.hours, result.least, result.most) == (1.0, None, None)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], []),
        ([0.2], [("0 s to 20 ms", 0), ("200 ms to 220 ms", 1)]),
        ([1, 1, 1, 1], [("0 s to 100 ms", 0), ("1 s to 1.1 s", 4)]),
        ([1.0] * 199 + [500], [("1 s to 1.1 s", 199), ("1.1 s or longer", 1)]),
        ([-3, 4 * HOUR], [("0 s to 15 min", 1), ("4 h to 4 h 15 min", 1)]),
    ],
)
def test_histogram_has_few_bars_of_a_round_width_and_one_for_all_that_is_long(
    seconds: list[float], expected: list[tuple[str, int]]
) -> None:
    made = histogram(timedelta(seconds=second) for second in seconds)
    bars = [(bar.label, bar.tasks) for bar in made.bars]
    assert len(bars) <= 21
    assert made.tasks == len(seconds)
    assert [bar for bar in bars if bar in expected] == expected


def test_tasks_that_ran_beside_each_other_are_in_different_lanes_and_a_freed_lane_is_used_again() -> None:
    shown = timeline(run := record([task(1, 0, 10), task(2, 0, 4), task(3, 4, 8)]), node_uses(run))
    assert shown is not None
    (row,) = shown.rows
    assert [(box.task.id, box.lane, box.start, box.end) for box in row.boxes] == [
        ("work-2", 0, 0.0, 0.4),
        ("work-1", 1, 0.0, 1.0),
        ("work-3", 0, 0.4, 0.8),
    ]
    assert row.lanes == 2
    assert sum(shown.running) / STEPS == pytest.approx((10 + 4 + 4) / 10)


def test_many_tasks_are_counted_in_steps_and_their_failures_keep_a_mark() -> None:
    tasks = [task(number, 0, 100) for number in range(MOST_BOXES)]
    run = record([*tasks, task(MOST_BOXES, 0, 50, result="failure")], pool=PoolRecord(id="p", slots_per_node=802))
    shown = timeline(run, node_uses(run))
    assert shown is not None
    (row,) = shown.rows
    assert (shown.is_counted, row.boxes, row.failures) == (True, (), [STEPS // 2])
    assert [row.shares[0], row.shares[-1]] == pytest.approx([0.5, 400 / 802])


def test_many_nodes_share_a_row_but_for_those_with_the_most_tasks() -> None:
    tasks = [task(number, 0, 100, node=f"n{number % 50:02}") for number in range(60)]
    run = record(tasks)
    shown = timeline(run, node_uses(run))
    assert shown is not None
    assert len(shown.rows) == MOST_NODES
    assert [row.label for row in shown.rows[:10]] == [f"node {number}" for number in range(1, 11)]
    assert (shown.rows[-1].label, shown.rows[-1].tasks) == ("11 other nodes", 11)
    assert sum(row.tasks for row in shown.rows) == 60


def test_running_task_reaches_to_the_moment_of_the_report() -> None:
    run = record([task(1, 0, None)])
    shown = timeline(run, node_uses(run))
    assert shown is not None
    assert shown.end == run.read_at


def test_run_whose_tasks_have_not_begun_has_no_timeline() -> None:
    run = record([task(1, 0, None, state="active", started=None, node="")])
    assert timeline(run, node_uses(run)) is None


@pytest.mark.parametrize(
    ("amount", "text"), [(0.0, "about 0.00"), (0.004, "less than 0.01"), (1234.5, "about 1,234.50")]
)
def test_amount_is_as_precise_as_an_estimate(amount: float, text: str) -> None:
    assert shown_amount(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.34, "340 ms"), (2.5, "2.5 s"), (200, "3 min 20 s"), (100_800, "1 d 4 h"), (-90, "-1 min 30 s")],
)
def test_duration_is_shown_in_two_units_at_most(seconds: float, text: str) -> None:
    assert shown_duration(timedelta(seconds=seconds)) == text
