"""Processes that must not outlive another: `kill -9` notifies nobody, so the one that stays has to notice."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable

CHECK_INTERVAL = 0.5
"""Seconds."""
STDIN = 0


def when_orphaned(end: Callable[[], None]) -> None:
    """Call `end`, in a thread, once the process that is the parent now is gone."""
    parent = os.getppid()

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_INTERVAL)
        end()

    threading.Thread(target=wait, daemon=True).start()


def when_input_ends(end: Callable[[], None]) -> None:
    """Call `end`, in a thread, once nobody holds this process's stdin open: at once when the holder ends.

    Only for a process whose stdin is a pipe or socket that carries nothing else.
    """

    def wait() -> None:
        with contextlib.suppress(ConnectionError):
            while os.read(STDIN, 1024):
                continue
        end()

    threading.Thread(target=wait, daemon=True).start()


def end_process(process: "subprocess.Popen[str] | subprocess.Popen[bytes]", patience: float) -> None:
    """Ask a child process to end, and kill it if it has not after `patience` seconds."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
