"""The child process of one run of a project's program: it is started, given the monitor's address, and ended."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from shoal.deploy.program import ProgramEnding, ProgramRun
from shoal.errors import ShoalError
from shoal.process_lifetime import end_process
from shoal.projects.project import Stack

PARTING_TIME = 5.0
"""Seconds that an interrupted program may take to end."""


@contextmanager
def program_output(*, quiet: bool) -> Iterator[IO[str] | None]:
    """Yield where the program writes: this process's stderr or, if quiet, a file that is printed only on failure."""
    if not quiet:
        yield None
        return
    with tempfile.TemporaryFile("w+") as output:
        try:
            yield output
        except ShoalError:
            output.seek(0)
            sys.stderr.write(output.read())
            raise


@contextmanager
def program_process(stack: Stack, stderr: IO[str] | None) -> Iterator[subprocess.Popen[str]]:
    """Start the child process, and end it with the block. It imports Pulumi while it waits for its `ProgramRun`."""
    with subprocess.Popen(
        [sys.executable, "-m", "shoal.deploy.program"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        cwd=stack.project.directory,
        env={**os.environ, "GRPC_VERBOSITY": "NONE"},  # or gRPC's own log lines mix with the program's
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                end_process(child, PARTING_TIME)


def run_in(child: subprocess.Popen[str], run: ProgramRun) -> ProgramEnding:
    """Run the program in the child process and return how it ended."""
    answer, _ = child.communicate(json.dumps(asdict(run)))
    if not answer:
        return ProgramEnding(error=f"the program ended without a result (exit code {child.returncode})", exit_code=1)
    return ProgramEnding(**json.loads(answer))
