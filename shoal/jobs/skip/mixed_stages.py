"""Stages of a run of which tasks were replaced or kept with another definition, and those behind them.

A task reads all that a stage has left, so it may have read outputs of tasks that were not there when it was added.
Results of such stages are not reused, whatever their hash.
"""

from collections.abc import Iterable

from shoal.blob_requests import BlobRequests
from shoal.connect import Services
from shoal.jobs.file.spec import Stage
from shoal.jobs.skip.result import MIXED


def mark_mixed(services: Services, folder: str, changed: Iterable[str], stages: Iterable[Stage]) -> None:
    """Mark the changed stages of a run and those that wait for them. Do so before their tasks are added."""
    mixed = set(changed)
    for stage in stages:  # each stands after those that it waits for
        if not mixed.isdisjoint(stage.waits_for):
            mixed.add(stage.name)
    container = services.blobs.get_container_client(services.environment.containers.outputs)
    for name in mixed:
        container.upload_blob(_mark(folder, name), b"", overwrite=True)


def is_mixed(outputs: BlobRequests, folder: str, stage: str) -> bool:
    mark = _mark(folder, stage)
    return any(blob.name == mark for blob in outputs.listed(mark))


def _mark(folder: str, stage: str) -> str:
    return f"{MIXED}/{folder}/{stage}"
