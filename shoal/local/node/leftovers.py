"""Processes of tasks whose agent died before it could end them.

An agent that is killed cannot kill. On Linux its tasks' processes are found by their environment, which every
descendant inherits, even one that left its process group; elsewhere they are not looked for (docs/fidelity.md).
"""

import os
import signal
from pathlib import Path

PROC = Path("/proc")


def end_processes(root: Path) -> int:
    """Kill every process whose AZ_BATCH_NODE_ROOT_DIR is `root` or lies below it; how many there were."""
    mark = b"AZ_BATCH_NODE_ROOT_DIR=" + os.fsencode(root)
    found = [int(entry.name) for entry in PROC.glob("[0-9]*") if _is_marked(entry, mark)]
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(found)


def _is_marked(process: Path, mark: bytes) -> bool:
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        # Ended meanwhile, or another user's; tasks run as the user of the service.
        return False
    return any(setting == mark or setting.startswith(mark + b"/") for setting in environment)
