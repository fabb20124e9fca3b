"""The reason why a node can do no work, in a few words."""

from shoal.nodes.pool_nodes import PoolNode

STATES = {
    "preempted": "Azure took this Spot node away",
    "unknown": "Batch has lost contact with it",
    "offline": "it was disabled for tasks",
}


def problem(node: PoolNode) -> str:
    """Return an empty text for a node that works or starts."""
    match node.state:
        case "unusable":
            return f"it is unusable ({node.fault or 'without errors: Batch has lost contact'})"
        case "starttaskfailed":
            exited = "" if node.exit_code is None else f" with exit code {node.exit_code}"
            return f"its start task failed{exited}"
        case state:
            return STATES.get(state, node.fault)
