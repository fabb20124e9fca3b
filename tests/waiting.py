"""Waiting for a condition, with a deadline; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(look: Callable[[], T], *, within: float = 30.0, every: float = 0.02) -> T:
    """Call `look` until its result is true, and return that. The failure shows the last result."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {within} s; seen last: {seen!r}")
        time.sleep(every)
