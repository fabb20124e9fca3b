"""Jobs made directly in Batch, for what watches them."""

from typing import Any

from azure.batch import models

from shoal.connect import Services

TERMINATE = models.BatchAllTasksCompleteMode.TERMINATE_JOB


def add_job(services: Services, name: str, *tasks: dict[str, Any], ends: bool = True) -> None:
    """Tasks in wire form. `ends`: the job is told to end with its last task."""
    services.batch.create_job(
        models.BatchJobCreateOptions(
            id=name,
            pool_info=models.BatchPoolInfo(pool_id=services.environment.pools["spot"].id),
            uses_task_dependencies=True,
        )
    )
    services.batch.create_tasks(name, [models.BatchTaskCreateOptions(task) for task in tasks])
    if ends:
        services.batch.update_job(name, models.BatchJobUpdateOptions(all_tasks_complete_mode=TERMINATE))


def task(task_id: str, script: str, **more: Any) -> dict[str, Any]:
    return {"id": task_id, "commandLine": f"/bin/sh -c '{script}'", **more}


def after(*parents: str) -> dict[str, Any]:
    return {"dependsOn": {"taskIds": list(parents)}}


def after_range(start: int, end: int) -> dict[str, Any]:
    return {"dependsOn": {"taskIdRanges": [{"start": start, "end": end}]}}
