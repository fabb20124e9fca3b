"""The result of a retry, and what is reported on the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shoal.runs.retry.choice import Choice
from shoal.runs.retry.jobs_of_run import JobsOfRun
from shoal.runs.verdict import Unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    job_id: str
    """The job in which the tasks run."""
    continues: str | None
    """The job that began the run, where this is another one."""
    again: list[str] = field(default_factory=list)
    """Ids of the failed tasks that run again."""
    resumed: list[str] = field(default_factory=list)
    """Ids of the other tasks that were added: they waited when their job ended, or were replaced or new."""
    going_on: int = 0
    """Number of tasks of the job that were waiting or running anyway."""
    left_out: int = 0
    """Number of unfinished tasks that stay as they are, or that the corrected file does not have."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """Number of succeeded tasks of each stage whose definition is another one now."""


class Reports(Protocol):
    def on_lag(self, unfinished: Unfinished) -> None:
        """Tell that tasks of a completed job are not listed as completed yet."""

    def on_choice(self, run: JobsOfRun, choice: Choice) -> None:
        """Show the tasks that are about to run again."""
