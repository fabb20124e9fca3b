"""A report of a deployed stack: its pools, nodes, packages, jobs and roles, gathered for somebody who was not there.

Each part is asked for by itself: one that is refused stands in the report with the refusal, because reports are made
where something does not work.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from azure.batch.models import BatchJob, BatchNode, BatchPool
from azure.core.exceptions import AzureError

from shoal.account_keys import BATCH_ARM_VERSION
from shoal.arm_access import arm_call
from shoal.azure_check.redaction import redacted
from shoal.connect import Services, plain_word
from shoal.environment import to_json
from shoal.errors import ShoalError

DISTRIBUTIONS = ("shoal", "azure-batch", "azure-mgmt-batch", "azure-storage-blob", "pulumi", "pulumi-azure-native")
ROLES_VERSION = "2022-04-01"
MOST_JOBS = 20
"""The latest jobs that a report looks into."""
MOST_NODES = 20
"""Nodes with errors that a report shows of a pool; all are counted."""


def make_report(services: Services) -> dict[str, Any]:
    """Return the report as JSON, without secrets and without ids of subscriptions and principals."""
    environment = services.environment
    pools = environment.pools
    report = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "outputs": to_json(environment),
        "pools": {name: _part(partial(_pool, services, pools[name].id)) for name in pools},
        "packages": {name: _part(partial(_package, services, name)) for name in environment.packages},
        "jobs": _part(lambda: [_job(services, job) for job in _latest_jobs(services)]),
        "roles": _part(lambda: _roles(services)),
    }
    safe: dict[str, Any] = redacted(report)
    return safe


def _part(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (AzureError, ShoalError) as exc:
        return {"refused": str(exc)}


def _versions() -> Mapping[str, str | None]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: _installed(name) for name in DISTRIBUTIONS},
    }


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _pool(services: Services, pool_id: str) -> Mapping[str, Any]:
    pool = services.batch.get_pool(pool_id)
    nodes = list(services.batch.list_nodes(pool_id))
    failed = [node for node in nodes if node.errors or _start_failure(node)]
    return {
        **_allocation(pool),
        "nodes": dict(Counter(f"{'dedicated' if node.is_dedicated else 'Spot'} {_word(node.state)}" for node in nodes)),
        "failed_nodes": [_node(node) for node in failed[:MOST_NODES]],
    }


def _allocation(pool: BatchPool) -> Mapping[str, Any]:
    run = pool.auto_scale_run
    return {
        "state": _word(pool.state),
        "vm_size": pool.vm_size,
        "allocation_state": _word(pool.allocation_state),
        "dedicated_nodes": [pool.current_dedicated_nodes, pool.target_dedicated_nodes],
        "spot_nodes": [pool.current_low_priority_nodes, pool.target_low_priority_nodes],
        "resize_errors": [_error(error) for error in pool.resize_errors or []],
        "formula": pool.auto_scale_formula,
        "last_autoscale_run": run and {"at": str(run.timestamp), "results": run.results, "error": _error(run.error)},
    }


def _node(node: BatchNode) -> Mapping[str, Any]:
    return {
        "id": node.id,
        "state": _word(node.state),
        "errors": [_error(error) for error in node.errors or []],
        "start_task_failure": _start_failure(node),
    }


def _start_failure(node: BatchNode) -> Mapping[str, Any] | None:
    info = node.start_task_info
    if info is None or _word(info.result) != "failure":
        return None
    return {"exit_code": info.exit_code, "retries": info.retry_count, **(_error(info.failure_info) or {})}


def _error(error: Any) -> Mapping[str, Any] | None:
    """Return an error of a pool, node, task or evaluation: a code, a message and details by name."""
    if error is None:
        return None
    details = getattr(error, "values_property", None) or getattr(error, "error_details", None) or []
    return {
        "code": plain_word(error.code),
        "message": error.message,
        "details": {str(entry.name): entry.value for entry in details if hasattr(entry, "name")},
    }


def _package(services: Services, name: str) -> Mapping[str, Any]:
    environment, package = services.environment, services.environment.packages[name]
    path = (
        f"resourceGroups/{environment.resource_group}/providers/Microsoft.Batch/batchAccounts/"
        f"{environment.batch_account}/applications/{package.application}/versions/{package.version}"
    )
    properties = arm_call(environment, "GET", path, BATCH_ARM_VERSION)["properties"]
    return {"version": package.version, "state": properties["state"], "activated": properties.get("lastActivationTime")}


def _latest_jobs(services: Services) -> list[BatchJob]:
    jobs = services.batch.list_jobs(select=["id", "state", "creationTime", "executionInfo", "poolInfo"])
    return sorted(jobs, key=lambda job: str(job.creation_time), reverse=True)[:MOST_JOBS]


def _job(services: Services, job: BatchJob) -> Mapping[str, Any]:
    results, failures = Counter[str](), Counter[str]()
    for result, failure in _task_results(services, str(job.id)):
        results[result] += 1
        if failure is not None:
            failures[failure] += 1
    return {
        "id": job.id,
        "state": _word(job.state),
        "created": str(job.creation_time),
        "termination_reason": job.execution_info.termination_reason if job.execution_info else None,
        "tasks": dict(results),
        "failures": dict(failures),
    }


def _task_results(services: Services, job_id: str) -> Iterator[tuple[str, str | None]]:
    """Yield the state and result of each task, and the kind of its failure."""
    for task in services.batch.list_tasks(job_id, select=["id", "state", "executionInfo"]):
        execution = task.execution_info
        result = _word(execution.result) if execution else None
        failure = execution.failure_info if execution else None
        # Batch writes `UserError` where its clients have `usererror`.
        kind = None if failure is None else f"{str(_word(failure.category)).lower()} {failure.code}"
        yield " ".join(filter(None, (_word(task.state), result))), kind


def _roles(services: Services) -> list[Mapping[str, Any]]:
    """List the role assignments in the stack's groups that the caller may see, without principals."""
    environment = services.environment
    groups = {environment.resource_group, environment.storage_resource_group}
    return [
        {
            "scope": str(assignment["properties"]["scope"]).partition("/resourceGroups/")[2],
            "role": _role_name(assignment["properties"]["roleDefinitionId"]),
            "principal_type": assignment["properties"].get("principalType"),
            "created": assignment["properties"].get("createdOn"),
        }
        for group in sorted(groups)
        for assignment in arm_call(
            environment,
            "GET",
            f"resourceGroups/{group}/providers/Microsoft.Authorization/roleAssignments",
            ROLES_VERSION,
        )["value"]
    ]


BUILT_IN = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "48e5e92e-a480-4e71-aa9c-2778f4c13781": "Azure Batch Job Submitter",
    "11076f67-66f6-4be0-8f6b-f0609fd05cc9": "Azure Batch Account Reader",
}
"""The roles that a stack assigns. Source: Azure built-in roles, sections Storage and Compute."""


def _role_name(definition: str) -> str:
    return BUILT_IN.get(definition.rsplit("/", 1)[-1], "another role")


def _word(value: Any) -> str | None:
    return plain_word(value)
