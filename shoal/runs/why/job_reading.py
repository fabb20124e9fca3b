"""A job, or a task, as Batch reports it, turned into facts for the decision table."""

from azure.batch.models import BatchJob, BatchTask

from shoal.connect import plain_word
from shoal.jobs.run_record import from_metadata
from shoal.runs.why.evidence import JobFacts, TaskFacts


def job_facts(job: BatchJob) -> JobFacts:
    execution = job.execution_info
    record = from_metadata(job.metadata)
    return JobFacts(
        id=str(job.id),
        state=plain_word(job.state) or "",
        pool_id=str((execution and execution.pool_id) or (job.pool_info and job.pool_info.pool_id) or ""),
        reason=(execution.termination_reason if execution else None) or "",
        began=execution.start_time if execution else None,
        ended=execution.end_time if execution else None,
        expected=record.tasks if record else None,
        skipped=record.skipped if record else 0,
        stages={name: content.tasks for name, content in record.stages.items()} if record else {},
        deferred=record.deferred if record else (),
        continues=record.continuation.first_job if record and record.continuation else None,
    )


def task_facts(task: BatchTask) -> TaskFacts:
    execution = task.execution_info
    return TaskFacts(
        id=str(task.id),
        state=plain_word(task.state) or "",
        succeeded=bool(execution and plain_word(execution.result) == "success"),
        began=execution.start_time if execution else None,
        ended=execution.end_time if execution else None,
        node=task.node_info.node_id if task.node_info else None,
        retries=execution.retry_count or 0 if execution else 0,
        requeues=execution.requeue_count or 0 if execution else 0,
    )
