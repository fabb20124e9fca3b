from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.autoscale import Evaluation, PoolSnapshot
from shoal.autoscale.errors import InputFault
from shoal.autoscale.review import review
from shoal.autoscale.scenarios import FixedWithBurst, PendingTasks, Ramp, Scenario, WorkingHours, formula
from shoal.autoscale.scenarios.parameters import described, scenario
from shoal.autoscale.variables import Deallocation
from tests.autoscale.builders import evaluated
from tests.autoscale.strategies import BOUNDED

NODES = st.integers(1, 500)
SLOTS = st.floats(0.1, 64)
FIVE, TEN = timedelta(minutes=5), timedelta(minutes=10)

SCENARIOS: st.SearchStrategy[Scenario] = st.one_of(
    st.builds(
        PendingTasks,
        max_spot_nodes=NODES,
        max_dedicated_nodes=st.integers(0, 50),
        slots_per_task=SLOTS,
        hold=st.integers(5, 120).map(lambda minutes: timedelta(minutes=minutes)),
        max_step=st.none() | NODES,
        warm_up_nodes=st.integers(0, 50),
    ),
    st.builds(Ramp, max_spot_nodes=NODES, step_up=NODES, step_down=NODES, slots_per_task=SLOTS),
    st.builds(FixedWithBurst, fixed_nodes=NODES, max_burst_nodes=NODES, slots_per_task=SLOTS),
    st.builds(
        WorkingHours,
        spot_nodes=NODES,
        dedicated_nodes=st.integers(0, 10),
        spot_nodes_outside=st.integers(0, 2),
        begin=st.integers(0, 12).map(time),
        end=st.integers(13, 23).map(time),
        weekdays=st.frozensets(st.integers(0, 6), min_size=1),
        utc_offset=st.integers(-24, 24).map(lambda halves: halves / 2),
    ),
)


@settings(BOUNDED, max_examples=25)
@given(SCENARIOS)
def test_every_built_formula_passes_its_own_lint(built: Scenario) -> None:
    assert review(formula(built)) == ()


@BOUNDED
@given(SCENARIOS)
def test_every_statement_stands_under_one_comment(built: Scenario) -> None:
    lines = [line for line in formula(built).splitlines() if line]
    statements = [index for index, line in enumerate(lines) if not line.startswith("//")]
    assert all(lines[index].endswith(";") and lines[index - 1].startswith("//") for index in statements)
    assert all(later - earlier == 2 for earlier, later in pairwise(statements))


def evaluated_scenario(
    built: Scenario,
    values: Mapping[str, Sequence[float | None]],
    *,
    pool: PoolSnapshot | None = None,
    now: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC),
) -> Evaluation:
    evaluation = evaluated(formula(built), values, pool=pool or PoolSnapshot(task_slots_per_node=4), now=now)
    assert evaluation.error is None, evaluation.error
    assert evaluation.node_deallocation_option is Deallocation.TASK_COMPLETION
    return evaluation


def constantly(tasks: float, **others: float) -> Mapping[str, Sequence[float]]:
    values = {"PendingTasks": tasks, "PreemptedNodeCount": 0, **others}
    return {name: [value] * 40 for name, value in values.items()}


@pytest.mark.parametrize(
    ("tasks", "slots_per_task", "nodes"), [(0, 1, 0), (1, 1, 1), (8, 1, 2), (9, 1, 3), (8, 2.5, 5), (10_000, 1, 100)]
)
def test_pending_tasks_counts_slots_up_to_the_cap_and_down_to_zero(
    tasks: float, slots_per_task: float, nodes: int
) -> None:
    evaluation = evaluated_scenario(PendingTasks(slots_per_task=slots_per_task), constantly(tasks))
    assert (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes) == (0, nodes)


def test_pending_tasks_starts_nodes_on_the_first_sample() -> None:
    assert evaluated_scenario(PendingTasks(), {"PendingTasks": [40]}).target_low_priority_nodes == 10


def test_pending_tasks_without_any_sample_wants_the_warm_up_nodes_only() -> None:
    assert evaluated_scenario(PendingTasks(), {}).target_low_priority_nodes == 0
    assert evaluated_scenario(PendingTasks(warm_up_nodes=3), {}).target_low_priority_nodes == 3
    assert evaluated_scenario(PendingTasks(warm_up_nodes=3), constantly(0)).target_low_priority_nodes == 0


def test_pending_tasks_holds_nodes_for_the_hold_time() -> None:
    busy_then_idle = {"PendingTasks": [40] * 30 + [0] * 19}
    assert evaluated_scenario(PendingTasks(hold=TEN), busy_then_idle).target_low_priority_nodes == 10
    assert evaluated_scenario(PendingTasks(hold=FIVE), busy_then_idle).target_low_priority_nodes == 0


def test_pending_tasks_does_not_shrink_while_samples_are_missing() -> None:
    pool = PoolSnapshot(current_low_priority_nodes=10, current_dedicated_nodes=4, task_slots_per_node=4)
    evaluation = evaluated_scenario(PendingTasks(), {"PendingTasks": [40, None, 0] + [None] * 15}, pool=pool)
    assert (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes) == (4, 10)


def test_pending_tasks_grows_by_one_step_at_a_time() -> None:
    pool = PoolSnapshot(current_low_priority_nodes=7, task_slots_per_node=4)
    assert evaluated_scenario(PendingTasks(max_step=20), constantly(10_000), pool=pool).target_low_priority_nodes == 27


@pytest.mark.parametrize(
    ("there", "taken", "tasks", "dedicated"),
    [
        (25, 0, [100] * 40, 0),
        (20, 0, [100] * 40, 5),
        (25, 8, [100] * 40, 8),
        (0, 0, [100] * 40, 10),
        (0, 0, [0] * 30 + [100] * 10, 0),
        (0, 0, [40] * 40, 10),
    ],
)
def test_dedicated_nodes_stand_in_for_spot_nodes_that_do_not_come(
    there: int, taken: int, tasks: Sequence[float], dedicated: int
) -> None:
    pool = PoolSnapshot(target_low_priority_nodes=25, current_low_priority_nodes=there, task_slots_per_node=4)
    evaluation = evaluated_scenario(
        PendingTasks(), {"PendingTasks": tasks, "PreemptedNodeCount": [taken] * 40}, pool=pool
    )
    assert evaluation.target_dedicated_nodes == dedicated


@pytest.mark.parametrize(
    ("there", "tasks", "nodes"), [(0, 400, 10), (10, 400, 20), (95, 400, 100), (50, 0, 30), (15, 0, 0)]
)
def test_ramp_goes_up_and_down_in_steps(there: int, tasks: float, nodes: int) -> None:
    pool = PoolSnapshot(current_low_priority_nodes=there, task_slots_per_node=4)
    evaluation = evaluated_scenario(Ramp(step_up=10, step_down=20), constantly(tasks), pool=pool)
    assert evaluation.target_low_priority_nodes == nodes


@pytest.mark.parametrize(("tasks", "burst"), [(0, 0), (8, 0), (9, 1), (400, 50)])
def test_fixed_nodes_stay_and_the_rest_is_a_burst_of_spot_nodes(tasks: float, burst: int) -> None:
    evaluation = evaluated_scenario(FixedWithBurst(fixed_nodes=2, max_burst_nodes=50), constantly(tasks))
    assert (evaluation.target_dedicated_nodes, evaluation.target_low_priority_nodes) == (2, burst)


OFFICE = WorkingHours(spot_nodes=20, utc_offset=2)
NIGHT = WorkingHours(spot_nodes=20, begin=time(22, 30), end=time(6), weekdays=frozenset(range(7)))
SOME_DAYS = WorkingHours(spot_nodes=20, begin=time(0), end=time(0), weekdays=frozenset({1, 3, 6}))


@pytest.mark.parametrize(
    ("hours", "moment", "nodes"),
    [
        (OFFICE, "2026-01-05T05:59", 0),
        (OFFICE, "2026-01-05T06:00", 20),
        (OFFICE, "2026-01-05T15:59", 20),
        (OFFICE, "2026-01-05T16:00", 0),
        (OFFICE, "2026-01-10T12:00", 0),
        (OFFICE, "2026-01-11T12:00", 0),
        (WorkingHours(spot_nodes=20, utc_offset=-5.5), "2026-01-05T13:29", 0),
        (WorkingHours(spot_nodes=20, utc_offset=-5.5), "2026-01-05T13:30", 20),
        (NIGHT, "2026-01-05T22:29", 0),
        (NIGHT, "2026-01-05T22:30", 20),
        (NIGHT, "2026-01-06T05:59", 20),
        (NIGHT, "2026-01-06T06:00", 0),
        (SOME_DAYS, "2026-01-05T00:00", 20),
        (SOME_DAYS, "2026-01-06T12:00", 0),
        (SOME_DAYS, "2026-01-07T23:59", 20),
        (SOME_DAYS, "2026-01-10T12:00", 20),
    ],
)
def test_working_hours_are_local_and_on_working_days(hours: WorkingHours, moment: str, nodes: int) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert evaluated_scenario(hours, {}, now=now).target_low_priority_nodes == nodes


def test_values_are_read_from_text() -> None:
    assert scenario("pending_tasks", {"max_spot_nodes": "7", "slots_per_task": "2.5", "hold": "20m"}) == PendingTasks(
        max_spot_nodes=7, slots_per_task=2.5, hold=timedelta(minutes=20)
    )
    assert scenario("working_hours", {"begin": "7", "end": "17:30", "weekdays": "1,3,7"}) == WorkingHours(
        begin=time(7), end=time(17, 30), weekdays=frozenset({0, 1, 3})
    )


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "pending",
            {},
            "there is no scenario pending; the scenarios are pending_tasks, working_hours, ramp, fixed_with_burst",
        ),
        ("ramp", {"steps": "1"}, "ramp has no parameter steps; it has max_spot_nodes, step_up"),
        ("ramp", {"step_up": "many"}, "step_up is 'many'; write it like 10"),
        ("ramp", {"step_up": "0"}, "step_up is 0; it must be at least 1"),
        ("ramp", {"hold": "soon"}, "'soon' is not a duration"),
        ("pending_tasks", {"hold": "1m"}, "hold is 0:01:00; it must be at least 0:05:00"),
        ("pending_tasks", {"max_dedicated_nodes": "-1"}, "max_dedicated_nodes is -1; it must be at least 0"),
        ("working_hours", {"weekdays": "15"}, "weekdays is '15'; write it like 1,2,3,4,5"),
        ("working_hours", {"weekdays": "1,-1"}, "weekdays is '1,-1'; write it like 1,2,3,4,5"),
        ("working_hours", {"weekdays": ""}, "weekdays must be at least one number from 0"),
        ("working_hours", {"begin": "25:00"}, "begin is '25:00'; write it like 08:00"),
        ("working_hours", {"utc_offset": "20"}, "utc_offset is 20; it must be from -14 to 14 hours"),
        ("working_hours", {"spot_nodes": "0"}, "both 0"),
        ("working_hours", {"begin": "0", "end": "0", "weekdays": "0 1 2 3 4 5 6"}, "the whole week"),
    ],
)
def test_values_that_do_not_fit_are_refused(name: str, parameters: Mapping[str, str], message: str) -> None:
    with pytest.raises(InputFault, match=message):
        scenario(name, parameters)


def test_parameters_are_described_with_their_defaults() -> None:
    assert ("hold", "", "how long nodes stay after they are last needed") in described("pending_tasks")
    assert ("max_step", "", "maximum number of nodes that one evaluation adds") in described("pending_tasks")
    assert ("weekdays", "1,2,3,4,5", "working days: 1 is Monday, 0 and 7 are Sunday") in described("working_hours")


@pytest.mark.parametrize(
    ("usable", "there", "tasks", "nodes"),
    [(25, 25, 100, 25), (20, 25, 100, 28), (0, 25, 100, 28), (23, 25, 100, 27), (0, 25, 0, 0)],
)
def test_nodes_that_never_became_usable_are_replaced_by_a_tenth_at_most(
    usable: int, there: int, tasks: int, nodes: int
) -> None:
    samples = constantly(tasks, UsableNodeCount=usable, CurrentLowPriorityNodes=there)
    assert evaluated_scenario(PendingTasks(), samples).target_low_priority_nodes == nodes


def test_short_tasks_take_turns_and_long_ones_do_not() -> None:
    ended = {"PendingTasks": [400] * 40, "RunningTasks": [10] * 40}
    short = evaluated_scenario(PendingTasks(), {**ended, "SucceededTasks": [10 * age for age in range(40)]})
    long = evaluated_scenario(PendingTasks(), {**ended, "SucceededTasks": [0] * 39 + [1]})
    assert (short.target_low_priority_nodes, long.target_low_priority_nodes) == (11, 100)
