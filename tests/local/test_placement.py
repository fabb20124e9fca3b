from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.local.scheduler.placement import Room, Waiting, placements
from shoal.local.store.states import NodeFillType

SPREAD, PACK = NodeFillType.SPREAD, NodeFillType.PACK
FILLS = list(NodeFillType)
SLOTS_PER_NODE = 8


def placed(free: Sequence[int], slots: Sequence[int], fill: NodeFillType = SPREAD) -> list[tuple[int, str]]:
    """Tasks and nodes are numbered from 0."""
    rooms = [Room(f"n{i}", number) for i, number in enumerate(free)]
    return placements(rooms, [Waiting(i, number) for i, number in enumerate(slots)], fill)


def test_spread_takes_the_node_with_most_free_slots() -> None:
    assert placed([2, 4], [1, 1, 1, 1]) == [(0, "n1"), (1, "n1"), (2, "n0"), (3, "n1")]


def test_pack_fills_one_node_before_the_next() -> None:
    assert placed([4, 2], [1, 1, 1], PACK) == [(0, "n1"), (1, "n1"), (2, "n0")]


def test_task_of_several_slots_goes_where_it_fits() -> None:
    assert placed([2, 3], [3, 2]) == [(0, "n1"), (1, "n0")]


def test_task_that_fits_nowhere_holds_back_the_node_nearest_to_fitting_it() -> None:
    assert placed([2, 3], [4, 1, 1, 1, 1]) == [(1, "n0"), (2, "n0")]


def test_full_and_held_nodes_leave_the_list_so_that_the_next_queue_finds_them_taken() -> None:
    rooms = [Room("n0", 2), Room("n1", 1), Room("n2", 1)]
    assert placements(rooms, [Waiting(0, 4), Waiting(1, 1)], SPREAD) == [(1, "n1")]
    assert rooms == [Room("n2", 1)]


def test_no_more_tasks_are_placed_than_asked_for_and_the_rooms_stay_for_the_others() -> None:
    rooms = [Room("n0", 2), Room("n1", 2)]
    assert placements(rooms, [Waiting(i, 1) for i in range(4)], PACK, most=3) == [(0, "n0"), (1, "n0"), (2, "n1")]
    assert rooms == [Room("n1", 1)]


@given(
    free=st.lists(st.integers(0, SLOTS_PER_NODE), max_size=6),
    slots=st.lists(st.integers(1, SLOTS_PER_NODE), max_size=20),
    fill=st.sampled_from(FILLS),
)
def test_placements_keep_the_order_and_never_overfill_a_node(
    free: list[int], slots: list[int], fill: NodeFillType
) -> None:
    result = placed([number for number in free if number], slots, fill)
    tasks = [task for task, _ in result]
    assert tasks == sorted(set(tasks))
    taken: dict[str, int] = {}
    for task, node in result:
        taken[node] = taken.get(node, 0) + slots[task]
    rooms = {f"n{i}": number for i, number in enumerate(n for n in free if n)}
    assert all(taken[node] <= rooms[node] for node in taken)


@given(free=st.lists(st.integers(1, 8), min_size=1, max_size=6), tasks=st.integers(0, 60), fill=st.sampled_from(FILLS))
def test_tasks_of_one_slot_leave_no_slot_free_while_any_waits(free: list[int], tasks: int, fill: NodeFillType) -> None:
    assert len(placed(free, [1] * tasks, fill)) == min(sum(free), tasks)


@pytest.mark.parametrize("fill", FILLS)
@given(
    nodes=st.integers(1, 4),
    durations=st.lists(st.integers(1, 5), min_size=8, max_size=8),
)
def test_task_of_a_whole_node_is_placed_though_smaller_ones_never_cease(
    fill: NodeFillType, nodes: int, durations: list[int]
) -> None:
    """Every node is full of small tasks; small ones come without end behind the large one."""
    ends = {(n, s): durations[(n + s) % 8] for n in range(nodes) for s in range(SLOTS_PER_NODE)}
    running = [(f"n{n}", end) for (n, _), end in ends.items()]
    for now in range(1, 6 * SLOTS_PER_NODE):
        running = [(node, end) for node, end in running if end > now]
        busy = [node for node, _ in running]
        rooms = [Room(f"n{n}", SLOTS_PER_NODE - busy.count(f"n{n}")) for n in range(nodes)]
        queue = [Waiting(0, SLOTS_PER_NODE), *(Waiting(i, 1) for i in range(1, 99))]
        result = placements([room for room in rooms if room.free], queue, fill)
        if result and result[0][0] == 0:
            return
        running += [(node, now + durations[task % 8]) for task, node in result]
    pytest.fail("the large task starves")


def together(free: Sequence[int], needed: Sequence[int], fill: NodeFillType = SPREAD) -> list[tuple[int, str]]:
    """Place tasks of one slot with so many instances each."""
    rooms = [Room(f"n{i}", number) for i, number in enumerate(free)]
    return placements(rooms, [Waiting(i, 1, instances) for i, instances in enumerate(needed)], fill)


@pytest.mark.parametrize("fill", FILLS)
def test_task_with_instances_gets_as_many_nodes_at_once_and_each_only_once(fill: NodeFillType) -> None:
    assert together([1, 1, 1], [2, 1], fill) == [(0, "n0"), (0, "n1"), (1, "n2")]


def test_task_with_instances_that_has_too_few_nodes_gets_none_and_holds_back_all() -> None:
    assert together([1, 1], [3, 1, 2]) == []


def test_of_two_tasks_that_need_the_same_nodes_the_first_gets_all_and_the_second_none() -> None:
    assert together([1, 1, 1], [2, 2]) == [(0, "n0"), (0, "n1")]


@given(
    nodes=st.integers(1, 6),
    needed=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 4)), min_size=1, max_size=12),
    fill=st.sampled_from(FILLS),
)
def test_tasks_with_instances_all_run_in_the_end_and_never_on_a_part_of_their_nodes(
    nodes: int, needed: list[tuple[int, int]], fill: NodeFillType
) -> None:
    """Tasks of a few instances and of some duration each, as far as the pool has the nodes, with others behind them."""
    waiting = {i: Waiting(i, 1, instances) for i, (instances, _) in enumerate(needed) if instances <= nodes}
    running: list[tuple[str, int]] = []
    for now in range(sum(duration for _, duration in needed) + 1):
        running = [(node, end) for node, end in running if end > now]
        small = [Waiting(1000 + now * nodes + i, 1) for i in range(nodes)]
        free = [Room(f"n{i}", 1) for i in range(nodes) if f"n{i}" not in [node for node, _ in running]]
        result = placements(free, [*waiting.values(), *small], fill)
        assert len({node for _, node in result}) == len(result)
        for task in {task for task, _ in result}:
            parts = [node for placed, node in result if placed == task]
            assert len(parts) == (waiting.pop(task).instances if task < 1000 else 1)
        running += [(node, now + (needed[task][1] if task < 1000 else 1)) for task, node in result]
    assert not waiting
