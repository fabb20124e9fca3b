"""Sentences about a watched job that every form of progress shows."""

from datetime import timedelta

from shoal.runs.verdict import Unfinished

HISTORY = 256
"""Snapshots of a job that are kept for its rate."""


def silence_line(away: timedelta) -> str:
    return f"the service has not answered for {away.total_seconds():.0f} s; trying again"


def lag_line(unfinished: Unfinished) -> str:
    tasks = unfinished.active + unfinished.running
    return f"the job is completed, and {tasks} of its tasks are not listed as completed yet; waiting for them"
