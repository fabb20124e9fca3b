from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shoal.autoscale import PoolSnapshot
from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault
from shoal.autoscale.observations import constant, from_csv, from_json, moment_of, pool_state
from shoal.autoscale.simulation.replay import from_batch_tasks
from shoal.autoscale.ticks import from_datetime
from tests.autoscale.builders import NOW


def test_values_go_to_the_samples_and_to_the_state_of_the_pool() -> None:
    given = {
        "PendingTasks": "12",
        "$TargetDedicatedNodes": "3",
        "currentlowprioritynodes": "5",
        "TaskSlotsPerNode": "4",
    }
    assert pool_state(given) == PoolSnapshot(
        target_dedicated_nodes=3, current_low_priority_nodes=5, task_slots_per_node=4
    )
    assert constant(given).samples.last("$PendingTasks", 2, from_datetime(NOW)) == [12, 12]


def test_samples_are_read_from_csv_with_gaps() -> None:
    observations = from_csv("time,PendingTasks,RunningTasks\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:00:30Z,,3\n")
    end = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
    assert observations.newest == end
    assert list(observations.samples.last("$PendingTasks", 9, from_datetime(end))) == [1]
    assert list(observations.samples.last("$RunningTasks", 9, from_datetime(end))) == [2, 3]


def test_samples_are_read_from_json_the_newest_last() -> None:
    observations = from_json('{"PendingTasks": [1, null, 3]}', time=NOW)
    assert list(observations.samples.last("$PendingTasks", 9, from_datetime(NOW))) == [1, 3]
    assert observations.samples.begin("$PendingTasks", from_datetime(NOW)) == from_datetime(NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PendingTasks\n1\n", "no column 'time'"),
        ("time,PendingTasks\n", "no column 'time', or no rows"),
        ("time,PendingTasks\nnow,1\n", "line 2 of the samples: 'now' is not a timestamp"),
        ("time,PendingTasks\n2026-01-01,many\n", "PendingTasks, line 2 is 'many'; it must be a number"),
        ("PendingTasks,time\n1,2026-01-01\n2\n", "line 3 of the samples: '' is not a timestamp"),
        ("time,PendingTasks\n2026-01-01,1,2\n", "line 2 of the samples has more cells than the header"),
        ("time,PendingTasks\n2026-01-01,nan\n", "PendingTasks, line 2 is 'nan'; it must be a number"),
        ("time,Tasks\n2026-01-01,1\n", "Tasks is not a sampled variable"),
    ],
)
def test_samples_in_csv_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputFault, match=message):
        from_csv(text)


@pytest.mark.parametrize("value", ["nan", "inf", "many"])
def test_value_that_is_no_finite_number_is_refused(value: str) -> None:
    with pytest.raises(InputFault, match=f"TaskSlotsPerNode is '{value}'; it must be a number"):
        pool_state({"TaskSlotsPerNode": value})


@pytest.mark.parametrize("text", ["[", "[1]", '{"PendingTasks": 3}', '{"PendingTasks": ["x"]}', '{"Tasks": [1]}'])
def test_samples_in_json_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(InputFault):
        from_json(text, time=NOW)


@pytest.mark.parametrize(
    "text", ["2026-01-31T18:30:00Z", "2026-01-31T19:30:00+01:00", "2026-01-31 18:30", "Sat, 31 Jan 2026 18:30:00 GMT"]
)
def test_moments_are_read_as_people_write_them(text: str) -> None:
    assert moment_of(text) == datetime(2026, 1, 31, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT5M", 300),
        ("5m", 300),
        ("1h30m", 5400),
        ("90s", 90),
        ("2d", 172800),
        ("P1DT1H", 90000),
        ("1.5 h", 5400),
        ("P1W", 604800),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "PT", "P", "P1DT", "-5m", "5 lightyears"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputFault, match="is not a duration"):
        parse_duration(text)


def test_finished_tasks_are_replayed_and_others_left_out() -> None:
    listed: list[dict[str, Any]] = [
        {
            "id": "b",
            "creationTime": "2026-01-01T00:01:00Z",
            "requiredSlots": 2,
            "executionInfo": {"startTime": "2026-01-01T00:02:00Z", "endTime": "2026-01-01T00:02:30Z"},
        },
        {
            "id": "a",
            "creation_time": "2026-01-01T00:00:00+00:00",
            "execution_info": {"start_time": "2026-01-01T00:00:10.5Z", "end_time": "2026-01-01T00:00:10.7Z"},
        },
        {"id": "c", "creationTime": "2026-01-01T00:00:00Z", "executionInfo": {"startTime": "2026-01-01T00:00:00Z"}},
    ]
    work = from_batch_tasks(listed)
    assert (work.arrivals, work.slots, work.durations) == ([0, 60], [1, 2], [1, 30])


def test_nothing_to_replay_is_refused() -> None:
    with pytest.raises(InputFault, match="no finished task"):
        from_batch_tasks([{"id": "a"}])


def test_task_with_an_unreadable_time_is_named() -> None:
    listed = [{"creationTime": "soon", "executionInfo": {"startTime": "x", "endTime": "y"}}]
    with pytest.raises(InputFault, match="task 1 to replay"):
        from_batch_tasks(listed)
