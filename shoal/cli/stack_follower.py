"""Reads a stack for `shoal top` beside the screen, at a constant rate, and goes on after the service was away."""

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Self

from shoal.cli.opened_row import OpenedRow
from shoal.cli.stack_glance import GlanceReader
from shoal.cli.stack_screen import Seen, View
from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.errors import ShoalError
from shoal.ui.request_pace import Pace
from shoal.ui.retry_pause import AGAIN


class StackFollower:
    def __init__(self, find: Callable[[], Environment], *, interval: float) -> None:
        """`find` is called at each connection: after a restart the service may be elsewhere."""
        self.seen, self.view = Seen(), View()
        self.failure: Exception | None = None
        """The error that ended the reading, which is an error of this program."""
        self._find, self._interval = find, interval
        self._pace, self._reader, self._opened = Pace(), GlanceReader(), OpenedRow()
        self._wake, self._closed = Event(), Event()
        # A request that hangs must not keep the program from ending.
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        self._wake.set()
        self._thread.join(timeout=1)

    def show(self, view: View) -> None:
        """Take over another view; a row that was opened is read at once, as far as the rate allows."""
        if view != self.view:
            self.view = view
            self._wake.set()

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                self._read_until_away()
        except Exception as exc:  # noqa: BLE001 - raised by the thread that draws the screen
            self.failure = exc

    def _read_until_away(self) -> None:
        try:
            with connected(self._find(), policies=[self._pace.count]) as services:
                while not self._closed.is_set():
                    if not self.view.is_paused:
                        self._read(services)
                    self._rest()
        except ShoalError as exc:
            self.seen = replace(self.seen, problem=str(exc))
            self._wake.wait(AGAIN)
            self._wake.clear()

    def _read(self, services: Services) -> None:
        view = self.view
        key = view.chosen if view.is_open else None
        opened = self._opened.read(services, key) if key else ()
        chosen = view.chosen.name if view.chosen and view.chosen.kind == "job" else ""
        # An opened row is what the person waits for.
        if key:
            self.seen = replace(self.seen, opened=opened, opened_key=key)
        glance = self._reader.read(services, chosen=chosen)
        self.seen = Seen(glance=glance, opened=opened, opened_key=key)
        self._pace.pay(time.monotonic())

    def _rest(self) -> None:
        """Wait for the interval or another view, and until the last requests are paid for."""
        self._wake.wait(self._interval)
        self._wake.clear()
        self._closed.wait(max(0.0, self._pace.free_at - time.monotonic()))
