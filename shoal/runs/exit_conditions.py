"""The exit condition of a completed task that applies, and what it means for the tasks that depend on it.

Source: Batch REST, ExitConditions and DependencyAction: an exact exit code comes before a range; `default` is for
failures that nothing else matches; where no condition applies, success satisfies dependents and failure blocks them.
"""

from azure.batch.models import BatchTask, BatchTaskExecutionResult, DependencyAction, ExitConditions, ExitOptions

from shoal.connect import plain_word

TASK_ENDED = "TaskEnded"
UPLOAD_FAILURES = "FileUpload"


def satisfies_dependents(task: BatchTask) -> bool:
    """Return True where the tasks that depend on a completed one may run."""
    options = _options(task)
    action = options.dependency_action if options else None
    if action is not None:
        return action == DependencyAction.SATISFY
    return task.execution_info is not None and task.execution_info.result == BatchTaskExecutionResult.SUCCESS


def _options(task: BatchTask) -> ExitOptions | None:
    """Batch does not say which condition applies to a task that was ended by request; `default` is assumed."""
    conditions, execution = task.exit_conditions, task.execution_info
    if conditions is None or execution is None:
        return None
    code = plain_word(execution.failure_info.code) if execution.failure_info else None
    if code == TASK_ENDED:
        return conditions.default
    if matched := _by_exit_code(conditions, execution.exit_code):
        return matched
    if code is not None and code.startswith(UPLOAD_FAILURES):
        return conditions.file_upload_error or conditions.default
    if execution.exit_code is None:
        return conditions.pre_processing_error or conditions.default
    return conditions.default if execution.exit_code != 0 else None


def _by_exit_code(conditions: ExitConditions, exit_code: int | None) -> ExitOptions | None:
    if exit_code is None:
        return None
    for mapping in conditions.exit_codes or ():
        if mapping.code == exit_code:
            return mapping.exit_options
    for span in conditions.exit_code_ranges or ():
        if span.start <= exit_code <= span.end:
            return span.exit_options
    return None
