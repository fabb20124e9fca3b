"""Collects the evidence about a job or a task, by a number of requests that does not grow with either."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from azure.batch.models import BatchJob, BatchTask, BatchTaskState
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.jobs.run_folder import run_folder
from shoal.jobs.run_record import from_metadata
from shoal.nodes.pool_nodes import NODE_COLUMNS, PoolNode, pool_node
from shoal.nodes.requests import start_task_stderr
from shoal.runs.job_queries import depends_on
from shoal.runs.progress import Counts
from shoal.runs.unknown_ids import unknown_job, unknown_task
from shoal.runs.why import stages
from shoal.runs.why.evidence import Evidence, JobShare, Unprepared, WaitingTask
from shoal.runs.why.failed_tasks import IN_FLIGHT, READ, failure_of, read_failures
from shoal.runs.why.failure_kinds import Failures, grouped
from shoal.runs.why.job_reading import job_facts, task_facts
from shoal.runs.why.later_success import NO_LATER_JOBS, LaterJobs, later_jobs
from shoal.runs.why.pool_reading import read_pool_facts
from shoal.runs.why.preparation_reading import preparation_stderr, read_unprepared

WAITING = 100
"""Waiting tasks that are read. Each may name thousands of others, so a page of a thousand would be too long."""
NODES = 1000
SHARES = 8
"""Active jobs on the pool whose tasks are counted."""
WAITING_COLUMNS = ["id", "requiredSlots", "dependsOn", "multiInstanceSettings"]


def collect(services: Services, job_id: str, task_id: str | None = None, *, most_stderr: int = READ) -> Evidence:
    """Read what there is to know about a job, or one task of it. Raises BadInput where there is none such.

    The stderr of at most `most_stderr` failed tasks of a job is read.
    """
    return Collection(services, _job(services, job_id), most_stderr).evidence(task_id)


class Collection:
    """The questions about one job. Those that do not need each other's answers are asked at the same time."""

    def __init__(self, services: Services, job: BatchJob, most_stderr: int) -> None:
        self.services, self.batch = services, services.batch
        self._most_stderr = most_stderr
        self._definition = job
        self.job = job_facts(job)
        record = from_metadata(job.metadata)
        # Jobs of other clients have no record, and their outputs are in a folder named after them.
        self.folder = run_folder(self.job.id, record.run_id) if record else self.job.id

    def evidence(self, task_id: str | None) -> Evidence:
        task = None if task_id is None else self._task(task_id)
        counts = self._counts()
        later = self._later_jobs(counts)
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            failures = pool.submit(self._failures, task, counts.failed, later)
            about_pool = self._about_pool(pool, task, counts)
            read = failures.result()
            mended = max(0, counts.failed - read.total) if later.succeeded else 0
            evidence = replace(about_pool, failures=read, later_job=later.last_id, mended=mended)
        return evidence if task is None else self._narrowed(evidence, task, later)

    def _about_pool(self, pool: ThreadPoolExecutor, task: BatchTask | None, counts: Counts) -> Evidence:
        """Return the evidence about waiting tasks and the nodes for them; little else where none waits."""
        evidence = Evidence(now=datetime.now(UTC), job=self.job, counts=counts)
        if not counts.active and (task is None or task.state != BatchTaskState.ACTIVE):
            return evidence
        facts = pool.submit(read_pool_facts, self.batch, self.job.pool_id)
        nodes = pool.submit(self._nodes)
        shares = pool.submit(self._shares)
        waiting = self._waiting()
        mine = waiting if task is None else (_waiting_task(task),)
        progress = stages.progress(self.batch, self.job, mine)
        there = {node.id for node in nodes.result()}
        unprepared = read_unprepared(self.batch, self._definition, self.job.pool_id, there)
        return replace(
            evidence,
            pool=facts.result(),
            nodes=nodes.result(),
            shares=shares.result(),
            waiting=waiting,
            stages=progress.stages,
            unfinished_parents=progress.unfinished,
            start_task_stderr=self._start_task_stderr(nodes.result()),
            unprepared=unprepared,
            preparation_stderr=self._preparation_stderr(unprepared),
        )

    def _later_jobs(self, counts: Counts) -> LaterJobs:
        """Look for jobs that continue the run of one that has ended with tasks without success."""
        unsuccessful = counts.failed + counts.active
        if not unsuccessful or not self.job.is_over or from_metadata(self._definition.metadata) is None:
            return NO_LATER_JOBS
        return later_jobs(self.batch, self.job.id)

    def _narrowed(self, evidence: Evidence, task: BatchTask, later: LaterJobs) -> Evidence:
        """Return the evidence about one task, which keeps of the others what it may depend on."""
        facts = task_facts(task)
        waits = facts.state == "active"
        failed = facts.state == "completed" and not facts.succeeded
        mended = facts.id.lower() in later.succeeded and not facts.succeeded
        shown = failed and not mended
        own = grouped([failure_of(self.services, self.job.id, task, folder=self.folder)]) if shown else ()
        counts = Counts(
            active=int(waits),
            running=int(facts.state in ("preparing", "running")),
            succeeded=int(facts.succeeded),
            failed=int(failed),
        )
        return replace(
            evidence,
            task=facts,
            counts=counts,
            later_job=None if facts.succeeded else later.succeeded.get(facts.id.lower(), later.last_id),
            mended=int(mended),
            waiting=(_waiting_task(task),) if waits else (),
            others=tuple(other for other in evidence.waiting if other.id.lower() != facts.id.lower()),
            failures=replace(evidence.failures, kinds=own, total=len(evidence.failures.listed)),
        )

    def _task(self, task_id: str) -> BatchTask:
        try:
            return self.batch.get_task(self.job.id, task_id)
        except ResourceNotFoundError as exc:
            raise unknown_task(self.batch, str(self.job.id), task_id, exc) from exc

    def _counts(self) -> Counts:
        return Counts.of(self.batch.get_job_task_counts(self.job.id).task_counts)

    def _failures(self, task: BatchTask | None, failed: int, later: LaterJobs) -> Failures:
        """Read the job's failures. One task may wait for some of them, whose reasons it does not need."""
        if not failed or (task is not None and task.state != BatchTaskState.ACTIVE):
            return Failures()
        most = self._most_stderr if task is None else 0
        return read_failures(
            self.services,
            self.job.id,
            folder=self.folder,
            total=failed,
            most_stderr=most,
            mended=later.succeeded,
        )

    def _waiting(self) -> tuple[WaitingTask, ...]:
        tasks: Iterable[BatchTask] = self.batch.list_tasks(
            self.job.id, filter="state eq 'active'", select=WAITING_COLUMNS, max_results=WAITING
        )
        return tuple(map(_waiting_task, islice(tasks, WAITING)))

    def _nodes(self) -> tuple[PoolNode, ...]:
        nodes = self.batch.list_nodes(self.job.pool_id, select=NODE_COLUMNS, max_results=NODES)
        try:
            return tuple(map(pool_node, islice(nodes, NODES)))
        except ResourceNotFoundError:
            return ()

    def _shares(self) -> tuple[JobShare, ...]:
        on_pool = f"state eq 'active' and executionInfo/poolId eq '{self.job.pool_id}'"
        jobs = list(islice(self.batch.list_jobs(filter=on_pool, select=["id", "priority"], max_results=100), 100))
        first = sorted(jobs, key=lambda job: -(job.priority or 0))[:SHARES]
        return tuple(self._share(job) for job in first)

    def _share(self, job: BatchJob) -> JobShare:
        counts = self.batch.get_job_task_counts(str(job.id))
        return JobShare(
            job_id=str(job.id),
            running=counts.task_counts.running,
            running_slots=counts.task_slot_counts.running,
            active=counts.task_counts.active,
            priority=job.priority or 0,
        )

    def _start_task_stderr(self, nodes: Sequence[PoolNode]) -> tuple[str, ...]:
        failed = next((node for node in nodes if node.state == "starttaskfailed"), None)
        if failed is None:
            return ()
        return tuple(start_task_stderr(self.batch, self.job.pool_id, failed.id).splitlines())

    def _preparation_stderr(self, unprepared: Sequence[Unprepared]) -> tuple[str, ...]:
        if not unprepared:
            return ()
        return preparation_stderr(self.batch, self.job.pool_id, unprepared[0])


def _waiting_task(task: BatchTask) -> WaitingTask:
    settings = task.multi_instance_settings
    return WaitingTask(
        id=str(task.id),
        slots=task.required_slots or 1,
        instances=(settings.number_of_instances if settings else None) or 1,
        parents=tuple(depends_on(task)),
    )


def _job(services: Services, job_id: str) -> BatchJob:
    try:
        return services.batch.get_job(job_id)
    except ResourceNotFoundError as exc:
        raise unknown_job(services.batch, job_id) from exc
