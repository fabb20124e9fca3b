"""Find the nodes with an old start task and name them, without a service."""

from shoal.nodes.pool_nodes import PoolNode, PoolNodes
from shoal.nodes.restart import StaleNodes, line, to_restart

NODES = PoolNodes(
    id="p",
    start_task="new",
    nodes=(
        PoolNode(id="current", state="idle", start_task="new"),
        PoolNode(id="old", state="idle", start_task="old"),
        PoolNode(id="busy", state="running", start_task="old", running_tasks=1),
        PoolNode(id="failed", state="starttaskfailed", start_task="new"),
        PoolNode(id="lost", state="unusable", start_task="old"),
        PoolNode(id="without", state="idle"),
        PoolNode(id="comes", state="creating"),
        PoolNode(id="again", state="rebooting", start_task="old"),
    ),
)


def test_node_that_has_started_has_an_old_start_task_if_the_pool_has_another() -> None:
    old = [node.id for node in NODES.nodes if NODES.has_old_start_task(node)]
    assert old == ["old", "busy", "lost", "without"]


def test_restart_takes_old_ones_and_failed_ones_that_can_be_rebooted() -> None:
    assert [node.id for node in to_restart(NODES)] == ["old", "busy", "failed", "without"]


def test_line_names_the_nodes_by_state_and_what_to_do() -> None:
    stale = StaleNodes(pool="p", old={"idle": 2, "unusable": 1}, failed=1)
    assert line(stale, restart=False) == (
        "pool p: the old start task is still on 3 nodes (2 idle, 1 unusable), the start task failed on 1 node; "
        "`shoal up --restart-nodes` reboots them, running ones after their tasks"
    )
    only_lost = StaleNodes(pool="p", old={"unusable": 1}, failed=0)
    assert line(only_lost, restart=False).endswith("; `shoal nodes --recover` replaces those that are unusable")


def test_line_after_a_restart_counts_the_nodes_that_wait_for_their_tasks() -> None:
    stale = StaleNodes(pool="p", old={"idle": 1, "running": 2}, failed=0, rebooted=1, rebooted_later=2)
    assert line(stale, restart=True) == (
        "pool p: the old start task is still on 3 nodes (1 idle, 2 running); rebooting 1 now, 2 after their tasks"
    )
