"""Reads what open pages show: one reader for all of them, at a constant rate, and only while one is open."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError

from shoal.connect import Services, connected, explained
from shoal.environment import Environment
from shoal.errors import ShoalError
from shoal.ui.request_pace import Pace
from shoal.ui.retry_pause import pause

EVERY = 1.0
"""Seconds between two readings of a page, at least."""
REOPENED = 0.2
"""Seconds until a page is read again that was opened before, and shows the last that was read at once.

Its reading may take long. A page that has nothing to show yet, such as a table beside it, comes first.
"""
LINGER = 10.0
"""Seconds for which the connection is kept after the last page was closed: a reload comes at once."""
KEPT = 32
"""Pages whose history is kept after they were closed."""
AWAY = (ServiceRequestError, ServiceResponseError, ClientAuthenticationError)

log = logging.getLogger(__name__)


class View(Protocol):
    """One page's part of the stack."""

    def read(self, services: Services) -> Any:
        """Return its document: a record that orjson can write. Raises ShoalError, and errors of Azure's clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The document of a page, or the reason why there is none at the moment."""

    document: bytes = b""
    problem: str = ""
    is_away: bool = False
    """True where no page can be read."""


@dataclass(slots=True, kw_only=True)
class Topic:
    """A view, and those who follow it."""

    view: View
    followers: int = 0
    due: float = float("-inf")
    news: News | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, news: News) -> None:
        """Wake the followers where there is something new."""
        if news != self.news:
            self.news = news
            changed, self.changed = self.changed, asyncio.Event()
            changed.set()


class Poller:
    def __init__(self, find: Callable[[], Environment], view_of: Callable[[str], View]) -> None:
        self._find, self._view_of = find, view_of
        self._topics: OrderedDict[str, Topic] = OrderedDict()
        self._joined = asyncio.Event()
        self._pace = Pace()
        self._is_closed = False
        self._failures, self._look_up_seconds = 0, 0.0

    async def follow(self, address: str) -> AsyncIterator[News]:
        """Yield what there is about a page, then each change. Raises BadInput for an address of no page."""
        topic = self._join(address)
        try:
            while not self._is_closed:
                changed = topic.changed
                if topic.news is not None:
                    yield topic.news
                await changed.wait()
        finally:
            topic.followers -= 1

    def require_page(self, address: str) -> None:
        """Raise BadInput for an address of no page."""
        self._view_of(address)

    def close(self) -> None:
        """End what follows: a server waits for its answers to end."""
        self._is_closed = True
        for topic in self._topics.values():
            topic.changed.set()

    async def run(self) -> None:
        """Read while pages are open, until cancelled."""
        while True:
            try:
                await self._read_all()
            except ShoalError as exc:
                self._publish_to_all(News(problem=str(exc), is_away=True))
                self._failures += 1
                # A page that is opened meanwhile tries at once.
                await self._wait_for_page(pause(self._failures, self._look_up_seconds))

    def _join(self, address: str) -> Topic:
        topic = self._topics.get(address) or Topic(view=self._view_of(address))
        self._topics[address] = topic
        self._topics.move_to_end(address)
        topic.followers += 1
        topic.due = float("-inf") if topic.news is None else time.monotonic() + REOPENED
        self._joined.set()
        self._forget()
        return topic

    def _forget(self) -> None:
        closed = [address for address, topic in self._topics.items() if not topic.followers]
        for address in closed[: max(0, len(self._topics) - KEPT)]:
            del self._topics[address]

    def _publish_to_all(self, news: News) -> None:
        for topic in self._followed():
            topic.publish(news)

    def _followed(self) -> list[Topic]:
        return [topic for topic in self._topics.values() if topic.followers]

    async def _read_all(self) -> None:
        """Wait for a page, connect, and read until the last page has been closed for a while."""
        while not self._followed():
            await self._wait_for_page(None)
        with ExitStack() as stack:
            services = await asyncio.to_thread(self._connect, stack)
            while (topic := await self._next()) is not None:
                topic.publish(await asyncio.to_thread(_news, topic.view, services))
                self._failures = 0
                now = time.monotonic()
                self._pace.pay(now)
                topic.due = now + EVERY

    def _connect(self, stack: ExitStack) -> Services:
        """Find the stack each time: after a restart its service may be elsewhere."""
        began = time.monotonic()
        try:
            environment = self._find()
        finally:
            self._look_up_seconds = time.monotonic() - began
        return stack.enter_context(connected(environment, policies=[self._pace.count]))

    async def _next(self) -> Topic | None:
        """Return the page to read next, when it is time. A page that has just been opened is read at once."""
        while True:
            topic = min(self._followed(), key=lambda topic: topic.due, default=None)
            if topic is None:
                if not await self._wait_for_page(LINGER):
                    return None
                continue
            now = time.monotonic()
            wait = 0.0 if topic.due == float("-inf") else max(topic.due, self._pace.free_at) - now
            if wait <= 0:
                return topic
            await self._wait_for_page(wait)

    async def _wait_for_page(self, seconds: float | None) -> bool:
        """Return True once a page is opened, False where that takes longer."""
        self._joined.clear()
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._joined.wait(), seconds)
        return False


def _news(view: View, services: Services) -> News:
    """Read a view. Raises ShoalError where the service does not answer; a refusal is the view's own."""
    try:
        with explained(services.environment):
            return News(document=orjson.dumps(view.read(services)))
    except ShoalError as exc:
        if isinstance(exc.__cause__, AWAY):
            raise
        return News(problem=str(exc))
    except Exception as exc:
        # One page that cannot be read must not end the others.
        log.exception("a page could not be read")
        return News(problem=f"this page cannot be read: {type(exc).__name__}: {exc}")
