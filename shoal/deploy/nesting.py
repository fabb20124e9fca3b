"""What azure-native flattens or spells anew deep within a property, and back to ARM's form. Pure."""

from collections.abc import Mapping
from typing import Any

BESIDE = frozenset({"id", "name", "type", "etag"})
"""What stands beside the `properties` of an item, not within."""
DISCRIMINATOR = {"odataType": "odata.type"}
"""No program can write a dot in a name."""


def to_arm(value: Any, spelling: Mapping[str, str], *, enveloped: bool) -> Any:
    """`enveloped`: the value is a list whose items have a `properties` envelope of their own in ARM."""
    wrapped = [_wrapped(item) for item in value] if enveloped and isinstance(value, list) else value
    return _spelled(wrapped, {**DISCRIMINATOR, **spelling})


def from_arm(value: Any, spelling: Mapping[str, str], *, enveloped: bool) -> Any:
    flat = [_flat(item) for item in value] if enveloped and isinstance(value, list) else value
    return _spelled(flat, {arm: own for own, arm in {**DISCRIMINATOR, **spelling}.items()})


def _wrapped(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    within = {name: value for name, value in item.items() if name not in BESIDE}
    return {**{name: value for name, value in item.items() if name in BESIDE}, "properties": within}


def _flat(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {**{name: value for name, value in item.items() if name != "properties"}, **item.get("properties", {})}


def _spelled(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {names.get(name, name): _spelled(item, names) for name, item in value.items()}
        case list():
            return [_spelled(item, names) for item in value]
        case _:
            return value
