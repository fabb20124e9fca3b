"""Embedded services for tests that stop, kill or restart one."""

import os
import signal
from pathlib import Path

from azure.batch import BatchClient

from shoal.local import control
from shoal.local.control import running as running_service
from shoal.service_status import Status, is_running
from tests.waiting import wait_until

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = REPOSITORY / "shoal" / "projects" / "template"


def start_service(state_dir: Path) -> Status:
    """Start a service that goes on; the test ends it."""
    return control.start(state_dir)


def batch_client(status: Status) -> BatchClient:
    return status.batch_client()


def stop_service(status: Status, number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(status.pid, number)
    wait_until(lambda: not is_running(Path(status.state_dir)))


__all__ = ["REPOSITORY", "TEMPLATE", "batch_client", "running_service", "start_service", "stop_service"]
