"""One deployment of a local stack at a time: the embedded engine has no other state than the service's."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.deploy.project import Stack
from shoal.errors import WorkFailed
from shoal.local.status import Status


@contextmanager
def own_turn(stack: Stack, status: Status) -> Iterator[None]:
    """Raises WorkFailed while another process deploys the stack; one that is killed gives its turn back."""
    directory = Path(status.state_dir) / "turns"
    directory.mkdir(exist_ok=True, mode=0o700)
    with (directory / f"{stack.project.name}.{stack.name}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise WorkFailed(
                f"stack {stack.name} is being deployed by another `shoal`; wait until that has ended"
            ) from exc
        yield
