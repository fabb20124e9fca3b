"""Waiting for a condition, with a deadline; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(look: Callable[[], T], *, within: float = 30.0, every: float = 0.02) -> T:
    """What `look` returns once it is true. The failure shows what it returned last."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {within} s; seen last: {seen!r}")
        time.sleep(every)
