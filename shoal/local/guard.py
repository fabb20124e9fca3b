"""Runs a command that must not outlive the service: `python -m shoal.local.guard LOCK_FILE COMMAND…`.

The service holds the guard's standard input open. When that ends, even because the service was killed, the command is
asked to end, so that it can save its state. The lock keeps the next one waiting until this one is gone.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

PATIENCE = 15.0


def main(lock_file: Path, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as process:
            threading.Thread(target=_end_with_input, args=(process,), daemon=True).start()
            return process.wait()


def _end_with_input(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ConnectionError):
        while os.read(0, 1024):
            continue
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
