"""Names of accounts and containers: derived where the stack gives none, required where a component is used alone."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..argument_fault import ArgumentFault, Spelling

LONGEST_PREFIX = 40
"""Leaves room for the digest and the role in the 63 characters of a container's name."""


def account_name(project: str, stack: str, subscription_id: str) -> str:
    """Return a name that is always the same for this stack and not taken by others: all of Azure shares these names.

    Source: names of storage and Batch accounts are 3 to 24 lower-case letters and digits.
    """
    digest = hashlib.sha256(f"{project}/{stack}/{subscription_id}".encode()).hexdigest()
    readable = re.sub(r"[^a-z0-9]", "", f"{project}{stack}".lower())
    return readable[:16] + digest[:8]


def container_prefix(project: str, stack: str) -> str:
    """Return a prefix that keeps the stack's containers apart from others in an account that it shares.

    Source: names of containers are lower-case letters, digits and single hyphens.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", f"{project}-{stack}".lower()).strip("-")
    digest = hashlib.sha256(f"{project}/{stack}".encode()).hexdigest()[:8]
    return f"{readable[:LONGEST_PREFIX].rstrip('-')}-{digest}-"


def name_faults(args: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    """Yield a fault where a component is given neither the name of an account to make nor an account to adopt."""
    if "account_name" not in args and not args.get("existing_account_id"):
        yield ArgumentFault(
            text=f"has neither {spelling('account_name')} nor {spelling('existing_account_id')}; give one"
        )
