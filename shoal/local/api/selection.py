"""`$select`: the top-level properties that a client wants. Source: REST reference, "OData select clauses"."""

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


def selected_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def selected(text: str | None, kind: str, views: list[dict[str, Any]], version: str) -> list[dict[str, Any]]:
    """Return of each entity the properties that `text` names, or all that the api-version knows.

    Raises BatchError InvalidQueryParameterValue.
    """
    if kind not in ENTITIES:
        return views
    if not text:
        return [DATA_PLANE.spoken(ENTITIES[kind], view, version) for view in views]
    names = selected_names(text)
    if unknown := set(names) - DATA_PLANE.properties(ENTITIES[kind]):
        reason = f"{', '.join(sorted(unknown))} is no property of {kind}"
        raise errors.invalid_query_parameter("$select", text, reason)
    return [{name: view[name] for name in names if name in view} for view in views]
