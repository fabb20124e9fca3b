"""`$select`: the top-level properties that a client asks for. Source: REST reference, "OData select clauses"."""

from functools import cache
from typing import Any

from azure.batch import models

from shoal.local import errors

MODELS: dict[str, type] = {
    "pools": models.BatchPool,
    "nodes": models.BatchNode,
    "jobs": models.BatchJob,
    "tasks": models.BatchTask,
}


def selected(text: str | None, kind: str, views: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each entity the properties that `text` names; without it all. Raises BatchError InvalidQueryParameterValue."""
    if not text or kind not in MODELS:
        return views
    names = [name.strip() for name in text.split(",")]
    if unknown := set(names) - _properties(MODELS[kind]):
        reason = f"{', '.join(sorted(unknown))} is no property of {kind}"
        raise errors.invalid_query_parameter("$select", text, reason)
    return [{name: view[name] for name in names if name in view} for view in views]


@cache
def _properties(model: type) -> frozenset[str]:
    fields: dict[str, Any] = model({})._attr_to_rest_field
    return frozenset(field._rest_name for field in fields.values())
