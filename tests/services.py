"""Embedded services for tests: real processes on free ports, ended with the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from shoal.service_status import Status, is_running, read_status
from tests.waiting import wait_until

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = REPOSITORY / "shoal" / "projects" / "template"


def start_service(state_dir: Path, *arguments: str) -> Status:
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "shoal.local", str(state_dir), *arguments],
            stdout=log,
            stderr=log,
            cwd=REPOSITORY,
            start_new_session=True,
        )

    def ready() -> Status | None:
        if process.poll() is not None:
            raise AssertionError((state_dir / "service.log").read_text())
        return read_status(state_dir)

    running = wait_until(ready, within=60)
    if running is None:
        raise AssertionError("unreachable: wait_until returns what is true")
    return running


def stop_service(status: Status, number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(status.pid, number)
    wait_until(lambda: not is_running(Path(status.state_dir)))


@contextmanager
def running_service(state_dir: Path) -> Iterator[Status]:
    status = start_service(state_dir)
    try:
        yield status
    finally:
        if is_running(state_dir):
            stop_service(read_status(state_dir) or status)


def batch_client(status: Status) -> BatchClient:
    return BatchClient(status.batch_endpoint, AzureNamedKeyCredential(status.account, status.key))
