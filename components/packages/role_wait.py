"""The wait for a role that was assigned a moment ago: it has no effect yet wherever Azure checks it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

RETRY_AFTER = timedelta(seconds=15)
REPORT_EVERY = timedelta(minutes=2)
GRANTED_WITHIN = timedelta(minutes=10)
"""Source: Azure RBAC troubleshooting: a role assignment takes up to ten minutes to have effect."""
ROLE_IS_MISSING = "AuthorizationPermissionMismatch"
"""The code by which blob storage refuses a caller without the role, or whose role has no effect yet. Batch passes
storage's refusal on where it uses auto-storage by identity; no other code of it is documented.

Source: Azure Storage, "Troubleshoot 403 errors"; seen in 2026.
"""

Answer = TypeVar("Answer")


class RoleWithoutEffect(Exception):
    """The refusal of a caller that has not the role, or not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWait:
    """The way to wait until a role that was just assigned has effect."""

    report: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def until_granted(self, attempt: Callable[[], Answer], *, awaited: str, role: str) -> Answer:
        """Return the first answer that is no RoleWithoutEffect, which is raised after the longest wait.

        `awaited` and `role` name the role in the first and in later reports.
        """
        for waited in _waits():
            try:
                return attempt()
            except RoleWithoutEffect:
                if waited >= GRANTED_WITHIN:
                    raise
            if waited % REPORT_EVERY == timedelta(0):
                self.report(_progress(waited, awaited, role))
            self.sleep(RETRY_AFTER.total_seconds())
        raise AssertionError("the last wait raises")


def _waits() -> Iterator[timedelta]:
    """Yield the time waited before each attempt."""
    yield from (RETRY_AFTER * i for i in range(GRANTED_WITHIN // RETRY_AFTER + 1))


def _progress(waited: timedelta, awaited: str, role: str) -> str:
    if not waited:
        return f"waiting until {awaited} has effect, up to ten minutes"
    return f"still waiting, after {waited // timedelta(minutes=1)} minutes, for {role}"
