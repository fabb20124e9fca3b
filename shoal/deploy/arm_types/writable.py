"""The part of a resource, as ARM returns it, that a PUT may say again. Pure."""

from collections.abc import Mapping
from typing import Any

from shoal.deploy.arm_types.shapes import Items, Object, Reference, Shape
from shoal.deploy.arm_types.tables import Definition


def writable(known: Definition, resource: Mapping[str, Any]) -> dict[str, Any]:
    return _object(known, known.body, resource)


def _object(known: Definition, shape: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, value)
    said = {name: item for name, item in value.items() if name not in shape.read_only}
    return {name: _value(known, shape.properties.get(name, shape.others), item) for name, item in said.items()}


def _value(known: Definition, shape: Shape | None, value: Any) -> Any:
    match shape, value:
        case Reference(object=name), Mapping():
            return _object(known, known.object(name), value)
        case Items(shape=of_item), list():
            return [_value(known, of_item, item) for item in value]
        case _:
            return value
