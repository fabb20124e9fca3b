"""The uploads of the last seconds, which can be made again.

Storage saves its index every few seconds. Killed before that, it forgets blobs that it had acknowledged, and a task
that has succeeded would be without its outputs.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

KEPT = 30.0
"""Seconds. More than storage takes to save its index, to be found dead and to be there again."""


class _Upload(NamedTuple):
    at: float
    """When it ended, in seconds since 1970."""
    again: Callable[[], None]


class RecentUploads:
    """Noted by the threads that upload, and read by the agent's own."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._uploads: deque[_Upload] = deque()

    def note(self, again: Callable[[], None]) -> None:
        """Note an upload that has ended just now, and how it is made again. Forget those that are too old."""
        now = self._now()
        self._uploads.append(_Upload(now, again))
        while self._uploads[0].at < now - KEPT:
            self._uploads.popleft()

    def since(self, moment: float) -> Iterator[Callable[[], None]]:
        """Yield what makes the uploads again that ended at this moment or later."""
        yield from (upload.again for upload in list(self._uploads) if upload.at >= moment)
