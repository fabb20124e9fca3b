"""The part of a resource, as ARM returns it, that a PUT may say again. Pure."""

from collections.abc import Mapping
from typing import Any

from shoal.deploy.resources.arm_types.nesting import deeper
from shoal.deploy.resources.arm_types.shapes import Object
from shoal.deploy.resources.arm_types.tables import Definition


def writable(known: Definition, resource: Mapping[str, Any]) -> dict[str, Any]:
    return _object(known, known.body, resource)


def _object(known: Definition, shape: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, value)
    said = {name: item for name, item in value.items() if name not in shape.read_only}
    return {name: deeper(known, shape, name, item, _object) for name, item in said.items()}
