from azure.batch.models import BatchTask

from shoal.runs.job_queries import EndedTasks


def ended(task_id: str, result: str, end_time: str) -> BatchTask:
    execution = {"retryCount": 0, "requeueCount": 0, "result": result, "endTime": end_time, "exitCode": 1}
    return BatchTask({"id": task_id, "executionInfo": execution})


def test_only_tasks_that_ended_since_the_last_time_are_read_again() -> None:
    tasks = EndedTasks()
    assert tasks.filter(exact=False) == "executionInfo/result eq 'failure'"
    tasks.add([])
    assert tasks.filter(exact=False) == "executionInfo/result eq 'failure'"
    tasks.add([ended("A", "failure", "2026-01-01T10:00:00Z"), ended("b", "failure", "2026-01-01T09:00:00Z")])
    assert tasks.filter(exact=False) == "executionInfo/endTime ge datetime'2026-01-01T09:58:00Z'"
    assert tasks.satisfies == {"a": False, "b": False}


def test_exact_question_reads_all_completed_tasks_once() -> None:
    tasks = EndedTasks()
    tasks.add([ended("a", "failure", "2026-01-01T10:00:00Z")])
    assert tasks.filter(exact=True) == "state eq 'completed'"
    tasks.add([ended("b", "success", "2026-01-01T11:00:00Z")])
    assert tasks.filter(exact=True) == "executionInfo/endTime ge datetime'2026-01-01T10:58:00Z'"


def test_task_that_failed_and_was_reactivated_counts_by_its_last_end() -> None:
    tasks = EndedTasks()
    tasks.add([ended("a", "failure", "2026-01-01T10:00:00Z")])
    tasks.add([ended("a", "success", "2026-01-01T10:00:30Z")])
    assert tasks.satisfies == {"a": True}
