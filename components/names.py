"""Names of accounts where the stack's configuration gives none."""

import hashlib
import re


def account_name(project: str, stack: str, subscription_id: str) -> str:
    """The same for the same stack, and hardly anyone else's: the names of accounts are shared by all of Azure.

    Source: names of storage and Batch accounts are 3 to 24 lower-case letters and digits.
    """
    digest = hashlib.sha256(f"{project}/{stack}/{subscription_id}".encode()).hexdigest()
    readable = re.sub(r"[^a-z0-9]", "", f"{project}{stack}".lower())
    return readable[:16] + digest[:8]
