"""A lock that allows one deployment of a local stack at a time: the service's state is the only state."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.errors import WorkFailed
from shoal.projects.project import Stack
from shoal.service_status import Status


@contextmanager
def deployment_lock(stack: Stack, status: Status) -> Iterator[None]:
    """Lock the stack until the block or the process ends. Raises WorkFailed while another process deploys it."""
    import fcntl  # of POSIX only, as the embedded service is

    directory = Path(status.state_dir) / "deployment_locks"
    directory.mkdir(exist_ok=True, mode=0o700)
    # The file stays: if it were deleted, two processes could each lock a file of this name.
    with (directory / f"{stack.project.name}.{stack.name}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise WorkFailed(
                f"stack {stack.name} is being deployed by another `shoal`; wait until that has ended"
            ) from exc
        yield
