"""A service of the measurement's own, on a state directory that goes with it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

ROOT = Path(__file__).resolve().parents[1]
SHOAL = Path(sys.executable).with_name("shoal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    state: str
    endpoint: str
    """`http://127.0.0.1:PORT/ACCOUNT`"""
    account: str
    key: str

    def client(self) -> BatchClient:
        return BatchClient(self.endpoint, AzureNamedKeyCredential(self.account, self.key))

    def environment(self) -> dict[str, str]:
        return environment(self.state)

    def shoal(self, *arguments: str) -> str:
        return shoal(self.state, *arguments)


@contextmanager
def service() -> Iterator[Service]:
    with TemporaryDirectory(prefix="shoal-bench-") as state:
        try:
            shoal(state, "local", "start", "--port", "0")
            status = json.loads(shoal(state, "local", "status", "--json"))
            yield Service(state=state, endpoint=status["batch_endpoint"], account=status["account"], key=status["key"])
        finally:
            shoal(state, "local", "stop")


def shoal(state: str, *arguments: str) -> str:
    """What the command printed. Raises CalledProcessError where it failed; its stderr is the bench's own."""
    command = [str(SHOAL), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(state), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def environment(state: str) -> dict[str, str]:
    return os.environ | {"SHOAL_STATE": state}
