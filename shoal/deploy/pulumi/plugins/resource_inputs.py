"""Inputs of a resource, derived from its state in the service: for detecting drift and for importing. Pure."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from shoal.deploy.resources.arm_types.nesting import writable
from shoal.deploy.resources.resource_type import ResourceType


def actual_inputs(kind: ResourceType, inputs: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with the service's values wherever the resource differs from them.

    Properties that the inputs leave out are not added: the service's defaults are no drift.
    """
    actual = kind.inputs(resource)
    return {
        name: value if name in kind.parameters else _actual_value(value, actual.get(name))
        for name, value in inputs.items()
    }


def inputs_to_import(kind: ResourceType, resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return every input that azure-native's SDK knows of the type, with the service's value."""
    known = known_inputs(kind.token)
    properties = {**writable(kind.definition, resource), "id": resource["id"]}
    return {name: value for name, value in kind.inputs(properties).items() if name in known and value not in (None, [])}


def known_inputs(token: str) -> set[str]:
    """Return the names of the inputs that azure-native's SDK has for a type."""
    _, module, name = token.split(":")
    sdk = import_module(f"pulumi_azure_native.{module}")
    # The arguments of a type that is also nested in others have another name.
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    properties = {key: value for key, value in vars(arguments).items() if isinstance(value, property)}
    return {getattr(value.fget, "_pulumi_name", key) for key, value in properties.items()}


def _actual_value(declared: Any, actual: Any) -> Any:
    match declared, actual:
        case _, None:
            return declared  # not returned: a default, or something that the service keeps to itself
        case dict(), dict():
            return {name: _actual_value(value, actual.get(name)) for name, value in declared.items()}
        case list(), list() if len(declared) == len(actual):
            return [_actual_value(one, other) for one, other in zip(declared, actual, strict=True)]
        case str(), str() if declared.lower() == actual.lower():
            return declared  # ARM's ids, names and words do not differ by case
        case _:
            return actual
