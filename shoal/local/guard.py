"""Runs a command that must not outlive the service: `python -m shoal.local.guard LOCK_FILE COMMAND…`.

The service holds the guard's standard input open. When that ends, even because the service was killed, the command is
asked to end, so that it can save its state. On Linux this also happens when the guard is killed. The lock keeps the
next one waiting until this one is gone.
"""

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

from shoal.local.node.keeper import PR_SET_PDEATHSIG, control
from shoal.process_lifetime import end_process, when_input_ends

PATIENCE = 15.0
"""Seconds for the command to save its state."""
KILL_NOW = signal.SIGUSR1
"""Kills the command, which then saves nothing."""


def main(lock_file: Path, command: list[str]) -> int:
    # Only the end of its input ends the guard.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Between fork and exec, and safe: no thread has been started yet.
            preexec_fn=_end_with_guard,
        ) as process:
            signal.signal(KILL_NOW, lambda _number, _frame: process.kill())
            when_input_ends(lambda: end_process(process, PATIENCE))
            return process.wait()


def _end_with_guard() -> None:
    """Have the kernel ask this process to end when its parent is gone: nobody else would, and it holds a port."""
    control(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
