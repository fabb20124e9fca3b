"""The JSON types of the properties that handlers of records read: a body of wrong types is refused before they do."""

from collections.abc import Iterator, Mapping
from typing import Any

from shoal.local.arm import arm_failures

NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string"}
EVERY = "*"
"""Stands for every member of an object."""
TYPES: Mapping[str, Any] = {
    "microsoft.storage/storageaccounts/managementpolicies": {
        "policy": {
            "rules": [
                {"name": str, "type": str, "definition": {"actions": dict, "filters": {"blobTypes": list}}},
            ]
        }
    },
    "microsoft.storage/storageaccounts/blobservices/containers": {"publicAccess": str, "metadata": {EVERY: str}},
    "microsoft.authorization/roleassignments": {
        "principalId": str,
        "roleDefinitionId": str,
        "principalType": str,
    },
    "microsoft.insights/diagnosticsettings": {
        "workspaceId": str,
        "storageAccountId": str,
        "eventHubAuthorizationRuleId": str,
        "logs": [{"category": str, "categoryGroup": str}],
        "metrics": [{"category": str}],
    },
}
"""By the lower-case type of a resource: an object as its members, a list as its one item. Other types have `Rules`."""


def check(resource_type: str, properties: Any) -> None:
    """Raises BatchError InvalidRequestContent, which names the property."""
    _check(properties, TYPES.get(resource_type.lower(), dict), "properties")


def _check(value: Any, expected: Any, where: str) -> None:
    # ARM takes null for absent.
    if value is None:
        return
    kind = expected if isinstance(expected, type) else type(expected)
    if not isinstance(value, kind):
        raise arm_failures.invalid_content(f"{where} must be {NAMES[kind]}")
    for place, inner, inner_type in _parts(value, expected):
        _check(inner, inner_type, f"{where}{place}")


def _parts(value: Any, expected: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each part that has a type of its own: its place, its value and that type."""
    if isinstance(expected, dict):
        for name, inner in value.items():
            if (inner_type := expected.get(name, expected.get(EVERY))) is not None:
                yield f".{name}", inner, inner_type
    if isinstance(expected, list):
        for position, item in enumerate(value):
            yield f"[{position}]", item, expected[0]
