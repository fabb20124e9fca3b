"""Keys of a terminal, one at a time, and the terminal as it was afterwards."""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NAMES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\r": "enter",
    b"\n": "enter",
    b"\x1b": "escape",
    b"\x7f": "escape",
}
ReadKeys = Callable[[float], list[str]]
"""Waits so many seconds at most, and returns the names of the keys that were pressed."""


@contextmanager
def terminal_keys() -> Iterator[ReadKeys]:
    """Read keys without Enter and without showing them. Without a terminal on stdin there are none.

    Ctrl-C stays an interrupt.
    """
    try:
        import termios
        import tty
    except ImportError:
        # Windows: the screen is shown, and Ctrl-C ends it.
        yield no_keys
        return
    if not sys.stdin.isatty():
        yield no_keys
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield lambda seconds: _read(terminal, seconds)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def no_keys(seconds: float) -> list[str]:
    time.sleep(seconds)
    return []


def key_names(data: bytes) -> list[str]:
    """Return the names of keys: an arrow is several bytes."""
    names = []
    while data:
        sequence = next((each for each in sorted(NAMES, key=len, reverse=True) if data.startswith(each)), data[:1])
        names.append(NAMES.get(sequence) or sequence.decode("ascii", "replace"))
        data = data[len(sequence) :]
    return names


def _read(terminal: int, seconds: float) -> list[str]:
    ready, _, _ = select.select([terminal], [], [], seconds)
    if not ready:
        return []
    data = os.read(terminal, 1024)
    # The end of the input: the terminal was closed.
    return key_names(data) if data else ["q"]
