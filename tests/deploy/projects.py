"""Pulumi projects in directories of their own, and the command `shoal` in them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from shoal.deploy.embedded.stack_record import StackRecord, load_record
from shoal.deploy.embedded_service import EmbeddedService
from shoal.service_status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Pulumi project in a directory of its own, and the command `shoal` in it."""

    name: str
    directory: Path
    status: Status
    engine: str = "embedded"
    """Empty for the one that the command chooses."""
    path: str = os.environ["PATH"]

    @property
    def service(self) -> EmbeddedService:
        return EmbeddedService(status=self.status)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": self.path, "SHOAL_ENGINE": self.engine, "SHOAL_STATE": self.status.state_dir}

    def program(self, text: str) -> None:
        (self.directory / "__main__.py").write_text(text)

    def shoal(self, *arguments: str, state: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "shoal", *arguments],
            cwd=self.directory,
            env=self.environment | ({} if state is None else {"SHOAL_STATE": state}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def up(self) -> str:
        """Deploy, which must succeed, and return the output."""
        done = self.shoal("up", "-y")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def record(self) -> StackRecord | None:
        return load_record(self.service.arm, self.name, "local")
