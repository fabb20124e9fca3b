"""The page of a sweep: its points beside the numbers that their tasks left in small outputs."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.sweep.sources import Point
from shoal.stored_blobs import blobs_below
from shoal.suggestion import suggestion
from shoal.ui.result_numbers import SUFFIXES, numbers
from shoal.ui.swept_points import Sweeps, SweptPoints, SweptStage

ROWS = 2000
"""Points that a page shows."""
MOST_LISTED = 20_000
"""Outputs of a stage that are listed: four pages."""
MOST_BYTES = 64 << 10
"""The size of an output that is read, at most."""
AT_ONCE, IN_FLIGHT = 200, 8
"""Outputs that are read in one reading of the page, and requests at the same time."""
MOST_FILES = 30
SECONDS = 5.0
"""Time between two lists of the outputs."""

TASK = "{{ task }}"
"""Stands for the id of the task in the names of outputs, as in a job file: the files of all tasks are one choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    task: str
    point: Sequence[Any]
    """Its values, in the order of the page's axes."""
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPage:
    job: str
    problem: str
    """The reason why there are no points."""
    stages: Sequence[str]
    deferred: Sequence[str]
    stage: str
    files: Mapping[str, int]
    """Names of small outputs that may have numbers, and how many tasks of the stage left each."""
    file: str
    axes: Sequence[str]
    rows: Sequence[Row]
    points: int
    has_more: bool
    """True where the stage has more points than are counted."""
    unread: int
    """Outputs that are still to be read."""
    too_large: int
    more_outputs: bool
    """True where the stage has more outputs than are listed."""


@dataclass(slots=True, kw_only=True)
class SweepView:
    job_id: str
    swept: SweptPoints
    stage: str = ""
    """The stage that the visitor chose, or nothing for the first."""
    file: str = ""
    """The name of the output that the visitor chose, or nothing for the one that most tasks left."""
    _blobs: Sequence[BlobProperties] = ()
    _due: float = float("-inf")
    _numbers: dict[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    """By the blobs' names and etags: a task that runs again leaves another."""

    def read(self, services: Services) -> SweepPage:
        sweeps = self.swept.read(services, self.job_id)
        if not sweeps.stages:
            return _without_points(self.job_id, sweeps)
        stage = _chosen(sweeps, self.stage)
        container = services.blobs.get_container_client(services.environment.containers.outputs)
        prefix = f"{sweeps.folder}/{stage.name}/"
        self._list(container, prefix)
        outputs = {blob.name.removeprefix(prefix): blob for blob in self._blobs}
        files = _file_names(outputs, stage)
        file = self.file or next(iter(files), "")
        paths = {task: f"{task}/{file.replace(TASK, task)}" for task in _shown(stage)}
        left = {task: outputs[path] for task, path in paths.items() if path in outputs}
        small = {task: blob for task, blob in left.items() if blob.size <= MOST_BYTES}
        self._read_some(container, list(small.values()))
        found = {task: self._numbers.get(_key(blob)) for task, blob in small.items()}
        axes = list(dict.fromkeys(axis for point in _shown(stage).values() for axis in point))
        return SweepPage(
            job=self.job_id,
            problem="",
            stages=[each.name for each in sweeps.stages],
            deferred=sweeps.deferred,
            stage=stage.name,
            files=files,
            file=file,
            axes=axes,
            rows=[
                Row(task=task, point=[point.get(axis) for axis in axes], numbers=found.get(task) or {})
                for task, point in _shown(stage).items()
            ],
            points=len(stage.points),
            has_more=stage.has_more,
            unread=sum(one is None for one in found.values()),
            too_large=len(left) - len(small),
            more_outputs=len(self._blobs) == MOST_LISTED,
        )

    def _list(self, container: ContainerClient, prefix: str) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._blobs = list(islice(blobs_below(container, prefix), MOST_LISTED))
            self._due = time.monotonic() + SECONDS

    def _read_some(self, container: ContainerClient, blobs: Sequence[BlobProperties]) -> None:
        unread = [blob for blob in blobs if _key(blob) not in self._numbers][:AT_ONCE]
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            contents = list(pool.map(lambda blob: _content(container, blob), unread))
        for blob, content in zip(unread, contents, strict=True):
            self._numbers[_key(blob)] = numbers(blob.name, content)


def _without_points(job_id: str, sweeps: Sweeps) -> SweepPage:
    reason = "No stage of this job has a sweep with points that are known."
    return SweepPage(
        job=job_id,
        problem=sweeps.problem or reason,
        stages=(),
        deferred=sweeps.deferred,
        stage="",
        files={},
        file="",
        axes=(),
        rows=(),
        points=0,
        has_more=False,
        unread=0,
        too_large=0,
        more_outputs=False,
    )


def _chosen(sweeps: Sweeps, name: str) -> SweptStage:
    """Return the stage with this name, or the first. Raises BadInput for an unknown name."""
    stages = {stage.name: stage for stage in sweeps.stages}
    if name and name not in stages:
        raise BadInput(f"no stage '{name}' of this job has a sweep; {suggestion(name, stages)}")
    return stages[name] if name else sweeps.stages[0]


def _shown(stage: SweptStage) -> dict[str, Point]:
    return dict(islice(stage.points.items(), ROWS))


def _file_names(outputs: Mapping[str, BlobProperties], stage: SweptStage) -> dict[str, int]:
    """Return the names of outputs that may have numbers, those that most tasks left first."""
    parts = (path.partition("/") for path in outputs)
    names = Counter(
        file.replace(task, TASK) for task, _, file in parts if task in stage.points and file.lower().endswith(SUFFIXES)
    )
    return dict(names.most_common(MOST_FILES))


def _key(blob: BlobProperties) -> tuple[str, str]:
    return str(blob.name), str(blob.etag)


def _content(container: ContainerClient, blob: BlobProperties) -> bytes:
    """Return the content; nothing where the blob is gone meanwhile or empty, which has no range."""
    if not blob.size:
        return b""
    try:
        return container.download_blob(blob.name, offset=0, length=MOST_BYTES).readall()
    except ResourceNotFoundError:
        return b""
