"""The secret with which the tasks of a node ask for tokens.

It is in an environment variable, which a task may print, so it opens nothing but the identities of the node's own pool.
"""

import hmac


def node_secret(client_secret: str, node: str) -> str:
    return f"{node}.{hmac.digest(client_secret.encode(), node.encode(), 'sha256').hex()}"


def node_with(client_secret: str, given: str) -> str | None:
    """Return the id of the node that has this secret, or None if no node has it."""
    node = given.rpartition(".")[0]
    return node if hmac.compare_digest(given.encode(), node_secret(client_secret, node).encode()) else None
