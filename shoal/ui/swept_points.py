"""The points of a run's sweeps, made again from the job file that its manifest has. Batch itself keeps no points."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput, ShoalError
from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.run_record import RunRecord, from_metadata
from shoal.jobs.sweep.identity import task_id
from shoal.jobs.sweep.sources import Point
from shoal.jobs.sweep.sweep import points
from shoal.manifest.manifest import Manifest
from shoal.manifest.restoring import restore, restored_job
from shoal.manifest.storage import stored_manifest
from shoal.runs.unknown_ids import unknown_job

MOST_POINTS = 20_000
"""Points of a stage that are made: each costs some microseconds, and a place in memory."""
MOST_INPUTS, MOST_INPUT_BYTES = 50, 32 << 20
"""Inputs of a run that are fetched, as its sweeps may read them."""
KEPT_RUNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptStage:
    name: str
    points: Mapping[str, Point]
    """By the ids of their tasks, in the order of the sweep."""
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeps:
    """The stages of a run that have a sweep."""

    folder: str
    """The run's folder in the container of outputs."""
    stages: tuple[SweptStage, ...] = ()
    deferred: tuple[str, ...] = ()
    """Stages whose points come from files of other stages: they are not made here."""
    problem: str = ""
    """The reason why there are none."""

    def point(self, task: str) -> Point | None:
        return next((stage.points[task] for stage in self.stages if task in stage.points), None)


class SweptPoints:
    """The sweeps of the runs whose pages were opened last. A run's points never change."""

    def __init__(self) -> None:
        self._by_run: OrderedDict[str, Sweeps] = OrderedDict()

    def read(self, services: Services, job_id: str) -> Sweeps:
        """Return the sweeps of a job's run. Raises BadInput for a job that does not exist."""
        try:
            job = services.batch.get_job(job_id, select=["id", "metadata"])
        except ResourceNotFoundError as exc:
            raise unknown_job(services.batch, job_id) from exc
        record = from_metadata(job.metadata)
        if record is None:
            return Sweeps(folder=job_id, problem="Another client made this job: it has no record of a sweep.")
        folder = record.folder(str(job.id))
        if folder not in self._by_run:
            self._by_run[folder] = _sweeps(services, record, folder)
            if len(self._by_run) > KEPT_RUNS:
                self._by_run.popitem(last=False)
        return self._by_run[folder]


def _sweeps(services: Services, record: RunRecord, folder: str) -> Sweeps:
    manifest = stored_manifest(services, folder)
    if manifest is None:
        return Sweeps(folder=folder, problem="The manifest of this run is gone: its points are not known any more.")
    try:
        _refuse_too_much(services, manifest)
        with TemporaryDirectory(prefix="shoal-ui-") as place:
            return _made_again(services, manifest, record, Path(place))
    except ShoalError as exc:
        return Sweeps(folder=folder, problem=f"The points cannot be made again from the run's manifest: {exc}")


def _refuse_too_much(services: Services, manifest: Manifest) -> None:
    """Raise BadInput where a run has secrets in its parameters, or inputs that are too many or too large to fetch."""
    if manifest.withheld:
        raise BadInput(f"it has no secrets, such as the value of {', '.join(manifest.withheld)}")
    if len(manifest.inputs) > MOST_INPUTS:
        raise BadInput(f"the run has {len(manifest.inputs)} inputs; at most {MOST_INPUTS} are fetched for this page")
    container = services.blobs.get_container_client(services.environment.containers.inputs)
    try:
        sizes = [container.get_blob_client(blob).get_blob_properties().size for blob in manifest.inputs.values()]
    except ResourceNotFoundError as exc:
        raise BadInput("an input of the run is gone from storage") from exc
    if sum(sizes) > MOST_INPUT_BYTES:
        raise BadInput(
            f"the run's inputs have {sum(sizes)} bytes; at most {MOST_INPUT_BYTES} are fetched for this page"
        )


def _made_again(services: Services, manifest: Manifest, record: RunRecord, place: Path) -> Sweeps:
    # Files of this machine are left alone: only what the run stored is read.
    path = restore(manifest, services, folder=place, near=place / "none", job_file=None)
    job = restored_job(manifest, path, {}, services.environment, manifest.job_id)
    job.job_file.refuse_mistakes()
    stages = [_swept(stage) for stage in job.ready_stages if stage.spec.for_each or stage.spec.sweep_of]
    return Sweeps(folder=record.folder(manifest.job_id), stages=tuple(stages), deferred=tuple(job.deferred_stages))


def _swept(stage: BoundStage) -> SweptStage:
    made = list(islice(points(stage), MOST_POINTS + 1))
    by_task = {task_id(stage.name, point): dict[str, Any](point) for point in made[:MOST_POINTS]}
    return SweptStage(name=stage.name, points=by_task, has_more=len(made) > MOST_POINTS)
