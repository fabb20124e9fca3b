"""What a person asked for at the command, as a job file ready to be rendered."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from shoal.environment import Environment
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.file.parameters import given_file, given_pairs
from shoal.jobs.tasks.rendering import Rendering, rendering_for


def rendering_asked(
    file: Path, environment: Environment, *, pairs: Sequence[str], parameters: Path | None, job_id: str | None
) -> Rendering:
    """`NAME=VALUE` pairs go before the values of a parameter file; the pair `run=NAME` names the run."""
    given = (given_file(parameters) if parameters else {}) | given_pairs(pairs)
    run = str(given.pop("run", None) or run_name(datetime.now(UTC), secrets.token_hex(2)))
    return rendering_for(read_job_file(file, given=given, run=run, job_id=job_id), environment)


def run_name(now: datetime, token: str) -> str:
    """`20261122-093000-1f0a`: readable, in order of time, and not the same for two people in one second."""
    return f"{now:%Y%m%d-%H%M%S}-{token}"
