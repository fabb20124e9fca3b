"""From a program's spelling to ARM's and back: envelopes that azure-native flattens, names that it changes.

Pure. Source: the schema of pulumi-azure-native 3.29 (`x-ms-client-flatten` and `x-ms-client-name` in
azure-rest-api-specs).
"""

from collections.abc import Callable, Mapping
from typing import Any

from shoal.deploy.resources.arm_types.shapes import Items, Object, Reference, Shape
from shoal.deploy.resources.arm_types.tables import ENVELOPE, Definition

DOTTED = {"odataType": "odata.type"}
"""No program can write a dot in a name."""

Convert = Callable[[Definition, Object, Mapping[str, Any]], dict[str, Any]]


def nested(known: Definition, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The ARM body: with the envelopes, on every level, that are flattened away in a program; the outermost is always
    there. Names that nobody knows stay where they are."""
    found = _nested(known, known.body, inputs)
    return found if known.envelope(known.body) is None else {ENVELOPE: {}, **found}


def flattened(known: Definition, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a program says or sees of an ARM body: the opposite of `nested`."""
    return _flattened(known, known.body, body)


def own_names(known: Definition, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place in an ARM body, as a program would name it."""
    found: list[str | int] = []
    shape: Shape | None = None
    within: Object | None = known.body
    for step in path:
        if isinstance(step, int):
            shape = shape.shape if isinstance(shape, Items) else None
        else:
            shape = None if within is None else within.properties.get(step, within.others)
        if step != ENVELOPE:
            found.append(_inverted(within).get(step, step) if within and isinstance(step, str) else step)
        within = known.object(shape.object) if isinstance(shape, Reference) else None
    return tuple(found)


def _nested(known: Definition, shape: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, {_arm_name(name, shape): item for name, item in value.items()})
    envelope = known.envelope(shape)
    if envelope is not None and ENVELOPE not in value:
        value = _enveloped(shape, envelope, value)
    renamed = {_arm_name(name, shape): item for name, item in value.items()}
    return {name: deeper(known, shape, name, item, _nested) for name, item in renamed.items()}


def _enveloped(shape: Object, envelope: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    outside: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for name, item in value.items():
        if not _knows(shape, name) and _knows(envelope, name):
            inside[name] = item
        else:
            outside[name] = item
    return {**outside, ENVELOPE: inside} if inside else outside


def _flattened(known: Definition, shape: Object, value: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.variant(shape, value)
    own = _inverted(shape)
    is_enveloped = ENVELOPE in shape.properties or ENVELOPE in shape.read_only
    beside = {name: item for name, item in value.items() if not (is_enveloped and name == ENVELOPE)}
    found = {own.get(name, name): deeper(known, shape, name, item, _flattened) for name, item in beside.items()}
    if not is_enveloped:
        return found
    envelope, within = known.envelope(shape), value.get(ENVELOPE, {})
    return {**found, **(within if envelope is None else _flattened(known, envelope, within))}


def deeper(known: Definition, shape: Object, name: str, value: Any, convert: Convert) -> Any:
    """The value of one property of an object, every object within converted."""

    def converted(shape: Shape | None, value: Any) -> Any:
        match shape, value:
            case Reference(object=name), Mapping():
                return convert(known, known.object(name), value)
            case Items(shape=of_item), list():
                return [converted(of_item, item) for item in value]
            case _:
                return value

    return converted(shape.properties.get(name, shape.others), value)


def _knows(shape: Object, name: str) -> bool:
    return name in shape.read_only or _arm_name(name, shape) in shape.properties


def _arm_name(name: str, shape: Object) -> str:
    return shape.spelled.get(name, DOTTED.get(name, name))


def _inverted(shape: Object) -> dict[str, str]:
    return {arm: own for own, arm in {**DOTTED, **shape.spelled}.items()}
