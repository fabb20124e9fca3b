"""An embedded service for one measurement, on a temporary state directory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.batch import BatchClient

from shoal.testing import Status, running

ROOT = Path(__file__).resolve().parents[1]
SHOAL = Path(sys.executable).with_name("shoal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    status: Status

    @property
    def endpoint(self) -> str:
        """Return `http://127.0.0.1:PORT/ACCOUNT`."""
        return self.status.batch_endpoint

    @property
    def account(self) -> str:
        return self.status.account

    @property
    def key(self) -> str:
        return self.status.key

    @property
    def state(self) -> str:
        return self.status.state_dir

    def client(self) -> BatchClient:
        return self.status.batch_client()

    def environment(self) -> dict[str, str]:
        return environment(self.state)

    def shoal(self, *arguments: str) -> str:
        return shoal(self.state, *arguments)


@contextmanager
def service() -> Iterator[Service]:
    with running() as status:
        yield Service(status=status)


def shoal(state: str, *arguments: str) -> str:
    """Run the command and return its stdout. Its stderr is passed through. Raises CalledProcessError where it fails."""
    command = [str(SHOAL), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(state), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def environment(state: str) -> dict[str, str]:
    return os.environ | {"SHOAL_STATE": state}
