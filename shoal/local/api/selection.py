"""`$select`: the top-level properties that a client wants. Source: REST reference, "OData select clauses"."""

from collections.abc import Mapping
from typing import Any

from shoal.local import errors
from shoal.local.api.shapes import DATA_PLANE

ENTITIES = {
    "pools": "BatchPool",
    "nodes": "BatchNode",
    "jobs": "BatchJob",
    "tasks": "BatchTask",
    "jobschedules": "BatchJobSchedule",
}


PARTS: Mapping[str, frozenset[str]] = {
    "jobpreparationandreleasetaskstatuslist": frozenset(
        ("poolId", "nodeId", "nodeUrl", "jobPreparationTaskExecutionInfo", "jobReleaseTaskExecutionInfo")
    ),
    "subtaskinfo": frozenset(
        (
            "id",
            "nodeInfo",
            "startTime",
            "endTime",
            "exitCode",
            "containerInfo",
            "failureInfo",
            "state",
            "stateTransitionTime",
            "previousState",
            "previousStateTransitionTime",
            "result",
        )
    ),
}
"""Properties of what is no entity of its own, the same in all api-versions.
Source: azure-batch 15.1, BatchJobPreparationAndReleaseTaskStatus, BatchSubtask."""


def selected_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def selected(text: str | None, kind: str, views: list[dict[str, Any]], version: str) -> list[dict[str, Any]]:
    """Return of each entity the properties that `text` names, or all that the api-version knows.

    Raises BatchError InvalidQueryParameterValue.
    """
    if kind in PARTS:
        return _chosen(text, kind, views, PARTS[kind])
    if kind not in ENTITIES:
        return views
    entity = ENTITIES[kind]
    spoken = [DATA_PLANE.spoken(entity, view, version) for view in views]
    return _chosen(text, kind, spoken, DATA_PLANE.properties(entity, version) if text else frozenset())


def _chosen(text: str | None, kind: str, views: list[dict[str, Any]], known: frozenset[str]) -> list[dict[str, Any]]:
    if not text:
        return views
    names = selected_names(text)
    if unknown := set(names) - known:
        reason = f"{', '.join(sorted(unknown))} is no property of {kind}"
        raise errors.invalid_query_parameter("$select", text, reason)
    return [{name: view[name] for name in names if name in view} for view in views]
