"""The part of a pool that Azure changes in place: the difference from its declaration, and the PATCH for it. Pure."""

from collections.abc import Mapping
from typing import Any

from shoal.autoscale.durations import parse_duration
from shoal.azure.limits import CHANGED_IN_PLACE

EMPTY: Mapping[str, Any] = {"startTask": {}, "applicationPackages": [], "metadata": [], "tags": {}}
"""The value of a PATCH that removes a property. Source: azure-rest-api Microsoft.Batch, PoolProperties."""
CASELESS = {"id", "resourceId", "scope", "elevationLevel"}
"""Ids and words of ARM, which do not differ by case."""


def patched_properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that a PATCH can change of a pool as ARM returns it."""
    properties = {**(resource.get("properties") or {}), "tags": resource.get("tags")}
    return {name: properties.get(name) for name in CHANGED_IN_PLACE}


def differing(declared: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return the names of the properties that a pool has otherwise than they are declared."""
    return [name for name in CHANGED_IN_PLACE if _differs(name, declared.get(name), actual.get(name))]


def patch_body(declared: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the body of the PATCH that brings these properties, and nothing else, to what is declared."""
    values = {name: declared.get(name) or EMPTY[name] for name in names}
    tags = {"tags": values.pop("tags")} if "tags" in values else {}
    return {"properties": values, **tags}


def _differs(name: str, declared: Any, actual: Any) -> bool:
    match declared, actual:
        case dict(), dict() if name == "tags":
            return declared != actual
        case dict(), dict():
            return any(_differs(key, declared.get(key), actual.get(key)) for key in {*declared, *_lists(actual)})
        case list(), list():  # Batch promises no order of variables, files, packages and metadata
            alike = [any(not _differs("", one, other) for other in actual) for one in declared]
            return len(declared) != len(actual) or not all(alike)
        case ((dict() | list() | None), (dict() | list() | None)):
            return bool(declared) != bool(actual)
        case _, None:
            return False  # not returned: a default, or a secret that the service keeps to itself
        case None, _:
            return False  # not declared: the service's default
        case str(), str() if name in CASELESS:
            return declared.lower() != actual.lower()
        case str(), str() if name == "evaluationInterval":
            return parse_duration(declared) != parse_duration(actual)
        case _:
            return bool(declared != actual)


def _lists(actual: Mapping[str, Any]) -> set[str]:
    """Return the lists: one that the declaration leaves out is meant to be empty; anything else has a default."""
    return {name for name, value in actual.items() if isinstance(value, list)}
