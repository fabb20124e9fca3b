"""What the inputs of a resource must have been, for the service to say of it what it says. Pure."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from shoal.deploy.resources.arm_types.writable import writable
from shoal.deploy.resources.resource_type import ResourceType


def inputs_as_found(kind: ResourceType, inputs: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, changed where the resource is no longer what they ask for.

    What they do not speak of is the service's own and stays out: its defaults are no drift.
    """
    found = kind.inputs(resource)
    return {
        name: value if name in kind.parameters else _as_found(value, found.get(name)) for name, value in inputs.items()
    }


def inputs_to_import(kind: ResourceType, resource: Mapping[str, Any]) -> dict[str, Any]:
    """All that a program may say of the resource, as azure-native's SDK knows it, with the service's answers."""
    known = known_inputs(kind.token)
    said = {**writable(kind.definition, resource), "id": resource["id"]}
    return {name: value for name, value in kind.inputs(said).items() if name in known and value not in (None, [])}


def known_inputs(token: str) -> set[str]:
    """What the SDK lets a program say of a type."""
    _, module, name = token.split(":")
    sdk = import_module(f"pulumi_azure_native.{module}")
    # A type that is also part of others has its arguments under another name.
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    properties = {key: value for key, value in vars(arguments).items() if isinstance(value, property)}
    return {getattr(value.fget, "_pulumi_name", key) for key, value in properties.items()}


def _as_found(asked: Any, found: Any) -> Any:
    match asked, found:
        case _, None:
            return asked  # not said: a default, or what the service keeps to itself
        case dict(), dict():
            return {name: _as_found(value, found.get(name)) for name, value in asked.items()}
        case list(), list() if len(asked) == len(found):
            return [_as_found(one, other) for one, other in zip(asked, found, strict=True)]
        case str(), str() if asked.lower() == found.lower():
            return asked  # ARM's ids, names and words do not differ by case
        case _:
            return found
