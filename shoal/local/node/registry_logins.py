"""Logins of a node at the private registries of its pool, kept in a file that nobody else's engine reads.

Source: Batch REST, ContainerRegistryReference. Where a registry is to be reached by an identity, or where the pool
names none, the engine's own logins hold.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import Registry

DOCKER_HUB = "docker.io"
DOCKER_HUB_NAMES = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogins:
    folder: Path
    registries: Sequence[Registry] = field(default_factory=tuple)

    def log_in(self, engine: str) -> None:
        """Log in at each registry anew. Raises TaskFault."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.registries:
            self.folder.mkdir(mode=0o700)
        for registry in self.registries:
            # The password by its standard input: a command line is for everybody to see.
            command = [engine, "login", "--username", registry.username, "--password-stdin", registry.server]
            done = subprocess.run(
                command,
                input=registry.password,
                env={**os.environ, **self._variables()},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
                message = f"The login at the registry {registry.server} failed: {reason}"
                raise TaskFault("ContainerPoolSetupFailed", message, server=True)

    def variables(self, image: str) -> dict[str, str]:
        """Return the variables by which an engine finds the login for an image, if the pool has one for it."""
        servers = {server_name(registry.server) for registry in self.registries}
        return self._variables() if image_server(image) in servers else {}

    def _variables(self) -> dict[str, str]:
        """Podman has a variable for the file, docker for the folder; the file is the same."""
        return {"REGISTRY_AUTH_FILE": str(self.folder / "config.json"), "DOCKER_CONFIG": str(self.folder)}


def image_server(image: str) -> str:
    """Return the registry of an image: what stands before the first slash if it can be a host, or Docker Hub."""
    first, slash, _ = image.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return server_name(first) if is_host else DOCKER_HUB


def server_name(server: str) -> str:
    """Return the host of a registry, which may be given as an address."""
    host = urlsplit(server if "//" in server else f"//{server}").netloc.lower()
    return DOCKER_HUB if host in DOCKER_HUB_NAMES else host
