"""Preparation and release tasks of a job that failed, which Batch lists apart from its other tasks.

Source: Batch REST, Job - List Preparation And Release Task Status (2025-06-01).
"""

from typing import Any

from azure.batch import BatchClient

KINDS = ("preparation", "release")


def failed_job_tasks(client: BatchClient, job_id: str) -> list[str]:
    """Return a sentence for each kind of task, with one example and the command that shows its stderr."""
    if client.get_job(job_id, select=["id", "jobPreparationTask"]).job_preparation_task is None:
        return []  # a release task needs a preparation task
    statuses = [status.as_dict() for status in client.list_job_preparation_and_release_task_status(job_id)]
    return [sentence for kind in KINDS if (sentence := _failures(statuses, kind))]


def _failures(statuses: list[dict[str, Any]], kind: str) -> str:
    """Return nothing where no task of the kind failed."""
    name = f"job{kind.capitalize()}TaskExecutionInfo"
    tasks = [(str(status["nodeId"]), status[name]) for status in statuses if name in status]
    failed = [(node, info) for node, info in tasks if info.get("result") == "failure"]
    if not failed:
        return ""
    node, info = failed[0]
    code = f", for example with exit code {info['exitCode']}" if "exitCode" in info else ""
    nodes = "1 node" if len(failed) == 1 else f"{len(failed)} nodes"
    place = f"{info.get('taskRootDirectory', '')}/stderr.txt"
    return f"the {kind} task of the job failed on {nodes}{code}; `shoal files {node} {place}` shows its stderr"
