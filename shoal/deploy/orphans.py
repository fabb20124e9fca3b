"""A process that serves another must not outlive it, however that one ended: `kill -9` tells nobody."""

import os
import threading
import time
from collections.abc import Callable

LOOK_FOR_PARENT_EVERY = 0.5
"""Seconds."""


def when_orphaned(end: Callable[[], None]) -> None:
    """Call `end`, in a thread, once the process that is the parent now is gone."""
    threading.Thread(target=_wait_for_end_of, args=(os.getppid(), end), daemon=True).start()


def _wait_for_end_of(parent: int, end: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_FOR_PARENT_EVERY)
    end()
