"""Losses by the deletion of a stack: jobs that have not ended, and outputs that were not fetched.

A run counts as fetched where a directory of results here has the note that `shoal fetch` leaves beside it. Nothing in
storage tells who has fetched what.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.runs.fetched_runs import fetched_runs

SHOWN = 5
LOOKED_AT = 1000
"""Runs in storage that are looked at, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    jobs: Sequence[str]
    """Ids of the jobs on the stack's pools that have not ended."""
    runs: Sequence[str]
    """Folders of the runs whose outputs were not fetched."""
    schedules: Sequence[str] = ()
    """Ids of the schedules on the stack's pools that would make more jobs."""

    @property
    def sentences(self) -> list[str]:
        return [*self._about_jobs(), *self._about_schedules(), *self._about_outputs()]

    def _about_jobs(self) -> Iterator[str]:
        if self.jobs:
            noun = "1 job has" if len(self.jobs) == 1 else f"{len(self.jobs)} jobs have"
            yield f"{noun} not ended: {_some(self.jobs)}; `shoal watch {self.jobs[0]}` shows how far it is"

    def _about_schedules(self) -> Iterator[str]:
        if self.schedules:
            noun = "1 schedule makes" if len(self.schedules) == 1 else f"{len(self.schedules)} schedules make"
            end = f"`shoal schedules remove {self.schedules[0]}` ends it"
            yield f"{noun} jobs for the stack's pools: {_some(self.schedules)}; {end}"

    def _about_outputs(self) -> Iterator[str]:
        if self.runs:
            noun = "1 run" if len(self.runs) == 1 else f"{len(self.runs)} runs"
            job_id, _, run_id = self.runs[0].partition(".")
            command = f"shoal fetch {job_id}" + (f" --run {run_id}" if run_id else "")
            yield f"outputs of {noun} were not fetched to {Path.cwd()}: {_some(self.runs)}; `{command}` fetches them"


def left_behind(services: Services, directories: Sequence[Path]) -> LeftBehind:
    """Look for both; `directories` may hold directories of results."""
    fetched = {run for directory in directories for run in fetched_runs(directory)}
    return LeftBehind(
        jobs=list(_unfinished_jobs(services)),
        schedules=list(_live_schedules(services)),
        runs=[run for run in _runs(services) if run not in fetched],
    )


def _unfinished_jobs(services: Services) -> Iterator[str]:
    pools = {pool.id for pool in services.environment.pools.values()}
    # Without the client's retries: a service that is gone must not hold up the deletion of its stack.
    for job in services.batch.list_jobs(filter="state ne 'completed'", select=["id", "poolInfo"], retry_total=0):
        if job.pool_info.pool_id in pools:
            yield str(job.id)


def _live_schedules(services: Services) -> Iterator[str]:
    pools = {pool.id for pool in services.environment.pools.values()}
    live = "state eq 'active' or state eq 'disabled'"
    for schedule in services.batch.list_job_schedules(filter=live, retry_total=0):
        if schedule.job_specification and schedule.job_specification.pool_info.pool_id in pools:
            yield str(schedule.id)


def _runs(services: Services) -> Iterator[str]:
    from azure.storage.blob import BlobPrefix

    container = services.blobs.get_container_client(services.environment.containers.outputs)
    try:
        for item in islice(container.walk_blobs(delimiter="/"), LOOKED_AT):
            # Shoal's own blobs, such as manifests, begin with a period; no job's id does.
            if isinstance(item, BlobPrefix) and not item.name.startswith("."):
                yield str(item.name).rstrip("/")
    except ResourceNotFoundError:
        return  # no such container


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
