"""Names of accounts where the stack's configuration gives none."""

import hashlib
import re

LONGEST_PREFIX = 40
"""Of 63 characters of a container's name."""


def account_name(project: str, stack: str, subscription_id: str) -> str:
    """The same for the same stack, and hardly anyone else's: the names of accounts are shared by all of Azure.

    Source: names of storage and Batch accounts are 3 to 24 lower-case letters and digits.
    """
    digest = hashlib.sha256(f"{project}/{stack}/{subscription_id}".encode()).hexdigest()
    readable = re.sub(r"[^a-z0-9]", "", f"{project}{stack}".lower())
    return readable[:16] + digest[:8]


def container_prefix(project: str, stack: str) -> str:
    """What tells a stack's containers from others in an account that it does not have for itself.

    Source: names of containers are lower-case letters, digits and single hyphens.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", f"{project}-{stack}".lower()).strip("-")
    digest = hashlib.sha256(f"{project}/{stack}".encode()).hexdigest()[:8]
    return f"{readable[:LONGEST_PREFIX].rstrip('-')}-{digest}-"
