"""The program of this machine that runs containers, if it has one. The embedded service runs tasks by it."""

import shutil
from functools import cache
from pathlib import Path

DOCKER_SOCKET = Path("/var/run/docker.sock")
"""A client of docker alone runs nothing."""


@cache
def engine() -> str | None:
    """Return the path of podman, else of docker, or None where neither can be used."""
    return shutil.which("podman") or (shutil.which("docker") if DOCKER_SOCKET.exists() else None)
