"""Running tasks that wait again for tasks of a higher priority."""

from azure.batch import BatchClient, models
from hypothesis import given
from hypothesis import strategies as st

from shoal.local.scheduler.preemption import Demand, OccupiedNode, Preemptible, preemptions
from shoal.local.scheduler.task_lifecycle import Running
from tests.local.making import (
    completed,
    execution,
    make_job,
    make_pool,
    sh,
    task,
    wait_for_completed,
    wait_for_nodes,
    wait_for_state,
)

SLOTS = 4


def running(key: int, *, slots: int = 1, priority: int = 0) -> Preemptible:
    return Preemptible(Running(key, 1, "n", 0, "running"), slots, priority)


def keys(nodes: list[OccupiedNode], *demands: Demand) -> list[int]:
    return [task.key for task in preemptions(nodes, demands)]


def test_lowest_priority_goes_first_and_only_as_much_as_is_needed() -> None:
    nodes = [OccupiedNode("a", 0, [running(1, priority=2)]), OccupiedNode("b", 0, [running(2), running(3)])]
    assert keys(nodes, Demand(1, 5), Demand(1, 5)) == [2, 3]


def test_an_equal_priority_preempts_nothing() -> None:
    assert keys([OccupiedNode("a", 0, [running(1, priority=5)])], Demand(1, 5)) == []


def test_slots_that_are_coming_free_are_taken_before_any_task_goes() -> None:
    nodes = [OccupiedNode("a", 0, [running(1)]), OccupiedNode("b", 1, [running(2)])]
    assert keys(nodes, Demand(1, 5)) == []
    assert keys(nodes, Demand(1, 5)) == [1]


def test_task_with_instances_goes_from_all_of_its_nodes_at_once() -> None:
    nodes = [OccupiedNode("a", 0, [running(1)]), OccupiedNode("b", 0, [running(1)]), OccupiedNode("c", 0, [running(2)])]
    assert keys(nodes, Demand(1, 5), Demand(1, 5)) == [1]


def test_a_node_that_refuses_the_job_is_left_alone() -> None:
    nodes = [OccupiedNode("a", 0, [running(1)]), OccupiedNode("b", 0, [running(2, priority=1)])]
    assert keys(nodes, Demand(1, 5, frozenset({"a"}))) == [2]


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3)), max_size=2), max_size=4),
    st.lists(st.tuples(st.integers(1, SLOTS), st.integers(0, 4)), max_size=8),
)
def test_tasks_go_only_for_a_higher_priority_and_never_for_more_slots_than_they_free(
    occupied: list[list[tuple[int, int]]], demanded: list[tuple[int, int]]
) -> None:
    nodes = []
    for number, tasks in enumerate(occupied):
        preemptible = [running(10 * number + i, slots=slots, priority=p) for i, (slots, p) in enumerate(tasks)]
        preemptible.sort(key=lambda task: task.priority)
        nodes.append(OccupiedNode(str(number), SLOTS - sum(task.slots for task in preemptible), preemptible))
    highest = max((priority for _, priority in demanded), default=0)
    by_key = {task.task.key: task for node in nodes for task in node.preemptible}
    gone = keys(nodes, *(Demand(slots, priority) for slots, priority in demanded))
    assert len(set(gone)) == len(gone)
    assert all(by_key[key].priority < highest for key in gone)
    assert all(node.free >= 0 for node in nodes)


def test_a_job_of_higher_priority_requeues_tasks_of_a_job_that_allows_it(client: BatchClient, name: str) -> None:
    make_pool(client, name, taskSlotsPerNode=2)
    wait_for_nodes(client, name, nodes=1)
    make_job(client, f"{name}-kept", name, priority=-5)
    make_job(client, f"{name}-low", name, allowTaskPreemption=True)
    wait = sh("until test -e $AZ_BATCH_NODE_SHARED_DIR/go; do sleep 0.05; done")
    for job in (f"{name}-kept", f"{name}-low"):
        client.create_task(job, task("t", wait))
        wait_for_state(client, job, "t", "running")
    make_job(client, f"{name}-high", name, priority=5)
    # Both at once: a second one that comes when the first has ended would requeue the task again.
    touch = sh("touch $AZ_BATCH_NODE_SHARED_DIR/go")
    both = models.BatchTaskGroup(task_values=[task(str(number), touch) for number in range(2)])
    client.create_task_collection(f"{name}-high", both)
    wait_for_completed(client, f"{name}-high", 2)
    preempted = execution(completed(client, f"{name}-low", "t"))
    assert (preempted.requeue_count, preempted.retry_count, preempted.exit_code) == (1, 0, 0)
    assert execution(completed(client, f"{name}-kept", "t")).requeue_count == 0


def test_preemption_can_be_allowed_while_tasks_run(client: BatchClient, name: str) -> None:
    make_pool(client, name)
    make_job(client, f"{name}-low", name)
    client.create_task(f"{name}-low", task("t", sh("until test -e $AZ_BATCH_NODE_SHARED_DIR/go; do sleep 0.05; done")))
    wait_for_state(client, f"{name}-low", "t", "running")
    make_job(client, f"{name}-high", name, priority=1)
    client.create_task(f"{name}-high", task("t", sh("touch $AZ_BATCH_NODE_SHARED_DIR/go")))
    assert client.get_task(f"{name}-high", "t").state == "active"
    client.update_job(f"{name}-low", models.BatchJobUpdateOptions({"allowTaskPreemption": True}))
    completed(client, f"{name}-high", "t")
    assert execution(completed(client, f"{name}-low", "t")).requeue_count == 1
