"""Bodies in a program's spelling and in ARM's: azure-native flattens envelopes and changes some names.

Pure. Source: the schema of pulumi-azure-native 3.29 (`x-ms-client-flatten` and `x-ms-client-name` in
azure-rest-api-specs).
"""

from collections.abc import Callable, Mapping
from typing import Any

from shoal.deploy.resources.arm_types.body_shapes import ListShape, ObjectReference, ObjectShape, Shape
from shoal.deploy.resources.arm_types.type_definition import ENVELOPE, TypeDefinition

DOTTED = {"odataType": "odata.type"}
"""Names with a dot, which a program cannot write."""

Convert = Callable[[TypeDefinition, ObjectShape, Mapping[str, Any]], dict[str, Any]]


def nested(known: TypeDefinition, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ARM body of a program's inputs, with the envelopes that a program leaves out on every level.

    The outermost envelope is always there. Unknown names stay where they are.
    """
    body = _nested(known, known.body, inputs)
    return body if known.envelope(known.body) is None else {ENVELOPE: {}, **body}


def flattened(known: TypeDefinition, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an ARM body in a program's spelling: the opposite of `nested`."""
    return _flattened(known, known.body, body)


def writable(known: TypeDefinition, resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a resource, as ARM returns it, that a PUT may repeat."""
    return _writable(known, known.body, resource)


def own_names(known: TypeDefinition, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return a path in an ARM body as a program would write it."""
    names: list[str | int] = []
    shape: Shape | None = None
    within: ObjectShape | None = known.body
    for step in path:
        if isinstance(step, int):
            shape = shape.shape if isinstance(shape, ListShape) else None
        else:
            shape = None if within is None else within.properties.get(step, within.others)
        if step != ENVELOPE:
            names.append(_inverted(within).get(step, step) if within and isinstance(step, str) else step)
        within = known.object(shape.object) if isinstance(shape, ObjectReference) else None
    return tuple(names)


def _nested(known: TypeDefinition, shape: ObjectShape, value: Mapping[str, Any]) -> dict[str, Any]:
    # In ARM's names, because the discriminator may be one that azure-native renames.
    shape = known.variant(shape, {_arm_name(name, shape): item for name, item in value.items()})
    envelope = known.envelope(shape)
    if envelope is not None and ENVELOPE not in value:
        value = _enveloped(shape, envelope, value)
    renamed = {_arm_name(name, shape): item for name, item in value.items()}
    return {name: _converted(known, shape, name, item, _nested) for name, item in renamed.items()}


def _enveloped(shape: ObjectShape, envelope: ObjectShape, value: Mapping[str, Any]) -> dict[str, Any]:
    outside: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for name, item in value.items():
        if not _knows(shape, name) and _knows(envelope, name):
            inside[name] = item
        else:
            outside[name] = item
    return {**outside, ENVELOPE: inside} if inside else outside


def _flattened(known: TypeDefinition, shape: ObjectShape, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, value)
    own = _inverted(shape)
    is_enveloped = ENVELOPE in shape.properties or ENVELOPE in shape.read_only
    beside = {name: item for name, item in value.items() if not (is_enveloped and name == ENVELOPE)}
    outside = {own.get(name, name): _converted(known, shape, name, item, _flattened) for name, item in beside.items()}
    if not is_enveloped:
        return outside
    envelope, within = known.envelope(shape), value.get(ENVELOPE, {})
    return {**outside, **(within if envelope is None else _flattened(known, envelope, within))}


def _writable(known: TypeDefinition, shape: ObjectShape, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, value)
    kept = {name: item for name, item in value.items() if name not in shape.read_only}
    return {name: _converted(known, shape, name, item, _writable) for name, item in kept.items()}


def _converted(known: TypeDefinition, shape: ObjectShape, name: str, value: Any, convert: Convert) -> Any:
    """Return the value of one property of an object with every object within it converted."""

    def within(shape: Shape | None, value: Any) -> Any:
        match shape, value:
            case ObjectReference(object=name), Mapping():
                return convert(known, known.object(name), value)
            case ListShape(shape=item_shape), list():
                return [within(item_shape, item) for item in value]
            case _:
                return value

    return within(shape.properties.get(name, shape.others), value)


def _knows(shape: ObjectShape, name: str) -> bool:
    return name in shape.read_only or _arm_name(name, shape) in shape.properties


def _arm_name(name: str, shape: ObjectShape) -> str:
    return shape.spelled.get(name, DOTTED.get(name, name))


def _inverted(shape: ObjectShape) -> dict[str, str]:
    return {arm: own for own, arm in {**DOTTED, **shape.spelled}.items()}
