"""The child process in which a project's program runs, under Pulumi's own Python runtime.

It takes one `ProgramRun` as JSON on stdin and leaves one `ProgramEnding` as JSON on stdout; the program's own output
goes to stderr. Source: pulumi.automation's language server runs an inline program by the same calls.
"""

import asyncio
import gc
import json
import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from shoal.process_lifetime import when_orphaned

PARALLEL = 16
ABSENT_FEATURE = re.compile(r"The Pulumi CLI does not support (.+?)\. Please update the Pulumi CLI\.")
"""The SDK's message about a feature that the monitor does not announce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRun:
    monitor: str
    """Address of the resource monitor."""
    project: str
    stack: str
    directory: str
    program: str
    config: dict[str, str]
    preview: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramEnding:
    """The end of a program; it ended well if there is no error."""

    error: str | None = None
    exit_code: int = 0
    traceback: str | None = None


def main() -> None:
    # A program imports much, lives for seconds and drops little: looking for garbage would be a seventh of its work.
    gc.disable()
    # The real stdout is kept for the ending; then stdout becomes stderr, also for programs that the program starts.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answer:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        when_orphaned(lambda: os._exit(1))  # a program that waits for something of its own would outlive its engine
        import_module("pulumi.runtime")  # takes long, and meanwhile the engine is not ready either
        json.dump(asdict(run_program(ProgramRun(**json.load(sys.stdin)))), answer)


def run_program(run: ProgramRun) -> ProgramEnding:
    from pulumi.runtime import reset_options, set_all_config

    reset_options(
        project=run.project,
        stack=run.stack,
        root_directory=run.directory,
        parallel=PARALLEL,
        monitor_address=run.monitor,
        preview=run.preview,
        organization="organization",  # Pulumi's word where there is none
    )
    set_all_config(run.config)
    try:
        asyncio.run(_in_stack(lambda: execute(Path(run.program), Path(run.directory))))
    except Exception as exc:  # noqa: BLE001 - whatever a program raises is how it ended
        return _ending(exc)
    return ProgramEnding()


def execute(program: Path, directory: Path) -> None:
    """Run a project's program, a file or a directory with a `__main__.py`, with its directory first in `sys.path`."""
    sys.path.insert(0, str(directory))
    runpy.run_path(str(program / "__main__.py" if program.is_dir() else program), run_name="__main__")


async def _in_stack(program: Callable[[], None]) -> None:
    from pulumi.runtime import run_in_stack

    loop = asyncio.get_running_loop()
    # The SDK's own server gives the same: each call to the monitor occupies a thread.
    loop.set_default_executor(ThreadPoolExecutor(PARALLEL * 4))
    # A failure reaches every output that depends on it; it is reported once, as the ending.
    loop.set_exception_handler(lambda *_: None)
    await run_in_stack(program)


def _ending(exc: Exception) -> ProgramEnding:
    from pulumi import RunError

    from shoal.errors import BadInput, ShoalError

    if isinstance(exc, ShoalError | RunError):
        return ProgramEnding(error=str(exc), exit_code=exc.exit_code if isinstance(exc, ShoalError) else 1)
    if absent := ABSENT_FEATURE.search(str(exc)):
        return ProgramEnding(
            error=f"the program uses {absent[1]}, which only Pulumi's own engine supports", exit_code=BadInput.exit_code
        )
    return ProgramEnding(error=f"{type(exc).__name__}: {exc}", exit_code=1, traceback=traceback.format_exc())


if __name__ == "__main__":
    main()
