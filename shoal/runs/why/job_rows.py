"""Rows about the job itself, or the one task: it has ended, is disabled, has no tasks, or all is well. Pure."""

from datetime import timedelta

from shoal.jobs.barrier_ids import MANAGER
from shoal.jobs.run_folder import schedule_of
from shoal.runs.job_ending import adding_command
from shoal.runs.stuck_job import TASKS_BLOCKED
from shoal.runs.why.evidence import Evidence
from shoal.runs.why.finding import Finding, Row, counted

ENDINGS = {
    "UserTerminate": "it was cancelled",
    "MaxWallClockTimeExpiry": "it reached its own time limit (max_time of the job)",
    TASKS_BLOCKED: "the tasks that were left could never run, and the file ends the job then (on_failure: end)",
    "TaskFailed": "a task failed, and its stage stops the job then (on_failure: stop)",
    "AllTasksComplete": "all its tasks had completed",
    "JMComplete": "its job manager task completed",
    "TerminateJobSchedule": "its job schedule was ended",
}
"""Source: Batch REST, Job - Get, JobExecutionInformation, terminateReason."""
NOT_ADDED = "TasksNotAdded: "
"""The beginning of the reason with which the task that adds the others ends a job of a schedule."""


def _ended(evidence: Evidence) -> Finding | None:
    job, left = evidence.job, evidence.counts.active
    if not job.is_over:
        return None
    if not left and (evidence.task is not None or job.reason in ("AllTasksComplete", "")):
        return None
    if job.reason.startswith(NOT_ADDED):
        return _without_its_tasks(evidence)
    is_last = evidence.later_job is None
    meaning = ENDINGS.get(job.reason, f"somebody ended it ({job.reason})" if job.reason else "somebody ended it")
    never = f", and {counted(left, 'task')} {'will never run' if is_last else 'did not run in it'}" if left else ""
    return Finding(
        sentence=f"the job has ended: {meaning}{never}",
        evidence=(f"the job is {job.state}{f' since {job.ended:%Y-%m-%d %H:%M:%S} UTC' if job.ended else ''}",),
        step=f"run what is missing with `shoal retry {job.id}`" if is_last else "",
        blocks=max(left, 1) if is_last else 0,
    )


def _continued(evidence: Evidence) -> Finding | None:
    """Find the job in which the run goes on, so that nobody mends what is mended."""
    later, mended = evidence.later_job, evidence.mended
    if later is None:
        return None
    who = "it" if evidence.task is not None else counted(mended, "task")
    since = f", where {who} {'has' if mended == 1 else 'have'} succeeded since" if mended else ""
    return Finding(sentence=f"the run went on in job {later}{since}", step=f"`shoal why {later}` says how that job is")


def _without_its_tasks(evidence: Evidence) -> Finding:
    job, schedule = evidence.job, schedule_of(evidence.job.id)
    return Finding(
        sentence=f"the job has ended: its tasks could not be added ({job.reason.removeprefix(NOT_ADDED)})",
        evidence=(f"{MANAGER} adds them to each job of the schedule {schedule}",),
        step="HTTP 403 means that the stack lacks `jobSchedules: true`; after anything else submit the file again. The "
        "next job tries again, and `shoal run FILE --job ID` runs the work once",
        blocks=max(evidence.counts.active, 1),
    )


def _disabled(evidence: Evidence) -> Finding | None:
    # A job without waiting tasks is told as well: what `shoal retry` makes wait would not start.
    if not evidence.job.is_disabled or (evidence.task is not None and evidence.task.succeeded):
        return None
    return Finding(
        sentence=f"the job is {evidence.job.state}: Batch starts none of its tasks",
        step=f"`shoal enable {evidence.job.id}` lets them start",
        blocks=evidence.counts.active,
    )


def _tasks_missing(evidence: Evidence) -> Finding | None:
    expected, there = evidence.job.expected or 0, evidence.counts.total
    if evidence.task is not None or expected <= there:
        return None
    if schedule_of(evidence.job.id) is not None:
        return _added_by_schedule(evidence, f"{there} of {expected} tasks are in the job")
    return Finding(
        sentence=f"{there} of {expected} tasks are in the job: it is still being submitted, or that broke off",
        step="if nobody submits it any more, submit the same file again: only missing tasks are added",
    )


def _added_by_schedule(evidence: Evidence, there: str) -> Finding | None:
    job = evidence.job
    if job.reason.startswith(NOT_ADDED):
        return None
    return Finding(
        sentence=f"{there}: its task {MANAGER} adds them, or could not",
        step=f"`shoal why {job.id} {MANAGER}` says how far it is",
    )


def _stages_to_add(evidence: Evidence) -> Finding | None:
    """Find stages for whose tasks nothing but their submission is missing."""
    job, counts = evidence.job, evidence.counts
    is_reached = counts.succeeded >= max(counts.total, job.expected or 0)
    if evidence.task is not None or not job.deferred or job.is_over or not is_reached:
        return None
    names = ", ".join(job.deferred)
    return Finding(
        sentence=f"all {counts.total} tasks so far succeeded, and the tasks of {names} are still to be added",
        evidence=("they follow from the files that an earlier stage has left, so a client adds them, not Batch",),
        step=adding_command(job.id, job.deferred, job.continues),
    )


def _no_tasks(evidence: Evidence) -> Finding | None:
    if evidence.counts.total or evidence.job.expected or evidence.job.skipped:
        return None
    return Finding(
        sentence="the job has no tasks", step=f"submit its file, or end it: `shoal cancel {evidence.job.id}`"
    )


def _running(evidence: Evidence) -> Finding | None:
    """Find running tasks, also where others wait: their reasons follow."""
    counts = evidence.counts
    if not counts.running:
        return None
    task = evidence.task
    if task is not None:
        since = f" for {_duration(evidence.now - task.began)}" if task.began else ""
        on = (f"on node {task.node}",) if task.node else ()
        return Finding(sentence=f"it is running{since}", evidence=(*on, *_attempts(evidence)))
    return Finding(
        sentence=f"it is running: {counts.completed} of {counts.total} tasks done, {counts.running} running"
        f"{_rate(evidence)}"
    )


def _succeeded(evidence: Evidence) -> Finding | None:
    counts, task = evidence.counts, evidence.task
    expected = 0 if task is not None else evidence.job.expected or 0
    skipped = 0 if task is not None else evidence.job.skipped
    if task is None and evidence.job.deferred:
        return None
    if not counts.total + skipped or counts.succeeded < max(counts.total, expected):
        return None
    if task is None and skipped and not counts.total:
        return Finding(sentence=f"all is well: all {skipped} tasks were skipped, as their outputs were there")
    if task is None:
        return Finding(sentence=f"all is well: all {counts.total} tasks succeeded")
    took = f" after {_duration(task.ended - task.began)}" if task.began and task.ended else ""
    return Finding(sentence=f"all is well: it succeeded{took}", evidence=_attempts(evidence))


def _attempts(evidence: Evidence) -> tuple[str, ...]:
    task = evidence.task
    if task is None:
        return ()
    lines = []
    if task.retries:
        lines.append(f"{counted(task.retries, 'attempt')} failed before")
    if task.requeues:
        lines.append(f"{counted(task.requeues, 'attempt')} lost the node before")
    return tuple(lines)


def _retrying(evidence: Evidence) -> Finding | None:
    if evidence.task is None or evidence.task.state != "active" or not _attempts(evidence):
        return None
    return Finding(sentence=f"it waits to run again: {' and '.join(_attempts(evidence))}")


def _rate(evidence: Evidence) -> str:
    began = evidence.job.began
    seconds = (evidence.now - began).total_seconds() if began else 0
    if seconds <= 0 or not evidence.counts.completed:
        return ""
    return f", {evidence.counts.completed / seconds:.2g} tasks a second on average"


def _duration(time: timedelta) -> str:
    return str(timedelta(seconds=max(0, round(time.total_seconds()))))


ENDED = Row(
    code="job-ended", situation="The job has ended: cancelled, at its time limit, or for a failure", find=_ended
)
CONTINUED = Row(code="run-continued", situation="A later job continues the run of the job", find=_continued)
DISABLED = Row(code="job-disabled", situation="The job is disabled", find=_disabled)
RUNNING = Row(code="running", situation="Tasks are running", find=_running)
RETRYING = Row(code="waits-again", situation="The task waits for its next attempt", find=_retrying)
TASKS_MISSING = Row(code="tasks-missing", situation="The submission goes on, or broke off", find=_tasks_missing)
STAGES_TO_ADD = Row(
    code="stages-to-add", situation="Stages that run for each file of an earlier one are not added", find=_stages_to_add
)
NO_TASKS = Row(code="no-tasks", situation="The job has no tasks", find=_no_tasks)
SUCCEEDED = Row(code="succeeded", situation="Everything succeeded", find=_succeeded)
