"""The skipped tasks of a run.

They are decided once for each stage and kept with the run, so that a submission that broke off goes on in the same way.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shoal.connect import Services
from shoal.jobs.barrier_ids import is_barrier
from shoal.jobs.binding.bound_job import BoundJob, BoundStage
from shoal.jobs.skip.content import TaskContent, anywhere, stage_contents, stage_digest, unknown
from shoal.jobs.skip.copies import IN_FLIGHT, copy_all
from shoal.jobs.skip.decision import reusable
from shoal.jobs.skip.eligibility import skippable_stages
from shoal.jobs.skip.input_blobs import ListedBlobs
from shoal.jobs.skip.result import Result, recorded, to_text
from shoal.jobs.skip.software import installed_software
from shoal.jobs.skip.stored_results import StoredResult, result_blob, stored_results
from shoal.jobs.tasks.task_bodies import TaskBody


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDecision:
    digest: str
    """The digest of the stage's tasks when it was decided."""
    skipped: Mapping[str, int]
    """The time when the result of each was made; barriers are among them."""

    @property
    def tasks(self) -> int:
        return sum(not is_barrier(task) for task in self.skipped)


@dataclass(slots=True, kw_only=True)
class Skips:
    """The skipped tasks of a job, and the places where the others leave their results."""

    stages: dict[str, StageDecision] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    """The blobs of results, by the ids of tasks."""
    contents: dict[str, TaskContent] = field(default_factory=dict)
    before: Set[str] = frozenset()
    """Ids that an earlier submission of the run has skipped, also of stages that have no `skip` any more."""

    @property
    def ids(self) -> set[str]:
        return {task for stage in self.stages.values() for task in stage.skipped} | self.before

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of skipped tasks by stage."""
        return {name: stage.tasks for name, stage in self.stages.items() if stage.tasks}

    @property
    def times(self) -> dict[str, int]:
        return {task: made for stage in self.stages.values() for task, made in stage.skipped.items()}

    def remaining(self, job: BoundJob, tasks: Iterator[TaskBody]) -> Iterator[TaskBody]:
        """Yield the tasks of a runnable job that are not skipped; they wait for such tasks only."""
        skipped, outputs = self.ids, job.environment.containers.outputs
        for task in tasks:
            if task["id"] in skipped:
                continue
            body = _without_parents(task, skipped)
            if blob := self.results.get(task["id"]):
                address = job.access.address(outputs)
                place = {"containerUrl": address.pop("url"), **address, "path": blob}
                body = recorded(body, job.folder, place, self.contents[task["id"]].patterns)
            yield body


Settle = Callable[[BoundStage, dict[str, TaskContent], Mapping[str, int]], tuple[dict[str, TaskContent], StageDecision]]


def expected_skips(job: BoundJob, services: Services) -> dict[str, int]:
    """Return how many tasks of each stage a new run would skip. Changes nothing.

    A job that is there already has decided by itself.
    """
    if not skippable_stages(job) or _is_there(services, job.job_file.job_id):
        return {}

    def look(
        stage: BoundStage, contents: dict[str, TaskContent], skipped: Mapping[str, int]
    ) -> tuple[dict[str, TaskContent], StageDecision]:
        results = _results(stored_results(stage, contents.values(), services, without=None))
        return contents, _decision(contents, reusable(contents, results, skipped, set()))

    return _settled(job, services, look).counts


def settle_skips(job: BoundJob, services: Services, folder: str, *, present: Set[str], before: Set[str]) -> Skips:
    """Decide what is not decided yet, and copy the outputs of skipped tasks into the run's folder.

    `present` are the ids of the tasks in the job, and `before` those that an earlier submission has skipped.
    """

    def settle(
        stage: BoundStage, contents: dict[str, TaskContent], skipped: Mapping[str, int]
    ) -> tuple[dict[str, TaskContent], StageDecision]:
        decided = _read(services, folder, stage.name)
        if decided is None and present.isdisjoint(contents):
            decided = _decide(stage, contents, skipped)
        if decided is None:  # its tasks were added without any decision
            return unknown(contents), _decision(contents, {})
        is_same = decided.digest == stage_digest(contents)
        # Otherwise some of its tasks were made of something else, and nobody may take their outputs for these.
        return (contents if is_same else unknown(contents)), decided

    def _decide(stage: BoundStage, contents: dict[str, TaskContent], skipped: Mapping[str, int]) -> StageDecision:
        stored = stored_results(stage, contents.values(), services, without=folder)
        chosen = reusable(contents, _results(stored), skipped, present)
        copies = copy_all(services, folder, stage.name, {task: stored[task] for task in chosen if task in stored})
        _publish(stage, contents, copies, services)
        return _write(services, folder, stage.name, _decision(contents, reusable(contents, copies, skipped, present)))

    skips = _settled(job, services, settle)
    skips.before = before
    return skips


def skipped_ids(services: Services, folder: str, stages: list[str]) -> set[str]:
    """Return the ids of the tasks and barriers that a run has skipped in these stages."""
    decisions = [_read(services, folder, stage) for stage in stages]
    return {task for decision in decisions if decision is not None for task in decision.skipped}


def _settled(job: BoundJob, services: Services, settle: Settle) -> Skips:
    skips, stages = Skips(), skippable_stages(anywhere(job))
    if not stages:
        return skips
    versions, software = ListedBlobs(services), installed_software(services, job.pool.id)
    for stage in stages:
        contents = stage_contents(stage, skips.contents, versions, software)
        contents, skips.stages[stage.name] = settle(stage, contents, skips.times)
        skips.contents |= contents
        skips.results |= {
            task: result_blob(stage, content.digest)
            for task, content in contents.items()
            if content.digest is not None and not content.is_barrier
        }
    return skips


def _is_there(services: Services, job_id: str) -> bool:
    try:
        services.batch.get_job(job_id, select=["id"])
    except ResourceNotFoundError:
        return False
    return True


def _decision(contents: Mapping[str, TaskContent], skipped: Mapping[str, int]) -> StageDecision:
    return StageDecision(digest=stage_digest(contents), skipped=skipped)


def _results(stored: Mapping[str, StoredResult]) -> dict[str, Result]:
    return {task: one.result for task, one in stored.items()}


def _publish(
    stage: BoundStage, contents: Mapping[str, TaskContent], copies: Mapping[str, Result], services: Services
) -> None:
    """Let later runs find the copies, which are younger than what they were made of."""
    container = services.blobs.get_container_client(services.environment.containers.outputs)

    def publish(task: str) -> None:
        blob = result_blob(stage, str(contents[task].digest))
        container.upload_blob(blob, to_text(copies[task]), overwrite=True)

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        for _ in threads.map(publish, copies):
            pass


def _without_parents(task: TaskBody, skipped: Set[str]) -> TaskBody:
    parents = task.get("dependsOn", {}).get("taskIds") or ()
    if skipped.isdisjoint(parents):
        return task
    left = [parent for parent in parents if parent not in skipped]
    rest = {name: value for name, value in task.items() if name != "dependsOn"}
    return {**rest, "dependsOn": {"taskIds": left}} if left else rest


def _place(folder: str, stage: str) -> str:
    """Return the blob of a decision, among the logs of the run, since all of its outputs are fetched."""
    return f"{folder}/.skipped/{stage}.json"


def _read(services: Services, folder: str, stage: str) -> StageDecision | None:
    logs = services.blobs.get_container_client(services.environment.containers.logs)
    try:
        document: Any = orjson.loads(logs.download_blob(_place(folder, stage)).readall())
    except ResourceNotFoundError:
        return None
    return StageDecision(digest=document["digest"], skipped=document["skipped"])


def _write(services: Services, folder: str, stage: str, decision: StageDecision) -> StageDecision:
    """Return the decision that counts: the first one, where two submissions decide at the same time."""
    logs = services.blobs.get_container_client(services.environment.containers.logs)
    body = orjson.dumps({"digest": decision.digest, "skipped": decision.skipped})
    try:
        logs.upload_blob(_place(folder, stage), body)
    except ResourceExistsError:
        return _read(services, folder, stage) or decision
    return decision
