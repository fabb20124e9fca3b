"""The faults that ARM would find in a body: the first rule that each of its values breaks. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never

from shoal.deploy.resources.arm_types.body_shapes import (
    AnyShape,
    BooleanShape,
    EnumShape,
    ListShape,
    NumberShape,
    ObjectReference,
    ObjectShape,
    Shape,
    TextShape,
)
from shoal.deploy.resources.arm_types.type_definition import TypeDefinition
from shoal.deploy.resources.properties import MASK, UNKNOWN
from shoal.suggestion import nearest

Path = tuple[str | int, ...]
SHOWN = 60
"""Characters of a wrong value that a message shows."""


class BodyRule(Enum):
    """A rule that a value can break."""

    REQUIRED = "required"
    KNOWN = "known"
    WRITABLE = "writable"
    TYPE = "type"
    ENUM = "enum"
    LENGTH = "length"
    PATTERN = "pattern"
    BOUNDS = "bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFault:
    rule: BodyRule
    path: Path
    value: str | None
    """The wrong value as it may be shown; None where the fault is not in a value."""
    demand: str
    """The rest of the sentence that begins with the path and the value."""


def faults(known: TypeDefinition, body: Mapping[str, Any], *, name: str | None = None) -> list[BodyFault]:
    """Return the faults of a PUT of this body, and of the resource's name where one is given. UNKNOWN is accepted."""
    name_faults = [] if name is None else _value_faults(known, known.name, name, ("name",))
    return [*name_faults, *_object_faults(known, known.body, body, ())]


def _value_faults(known: TypeDefinition, shape: Shape, value: Any, path: Path) -> Iterator[BodyFault]:
    if value == UNKNOWN:  # a preview's value that only the deployment will know
        return
    match shape:
        case AnyShape():
            pass
        case BooleanShape():
            if not isinstance(value, bool):
                yield _fault(BodyRule.TYPE, path, value, "it must be true or false")
        case NumberShape():
            yield from _number_faults(shape, value, path)
        case TextShape():
            yield from _text_faults(shape, value, path)
        case EnumShape(words=words):
            if value not in words:
                yield _fault(BodyRule.ENUM, path, value, f"it must be {_choice(words)}")
        case ListShape():
            yield from _list_faults(known, shape, value, path)
        case ObjectReference(object=name):
            yield from _reference_faults(known, known.object(name), value, path)
        case _:
            assert_never(shape)


def _number_faults(shape: NumberShape, value: Any, path: Path) -> Iterator[BodyFault]:
    # To Python, true is an int; to ARM it is none.
    if isinstance(value, bool) or not isinstance(value, int if shape.whole else int | float):
        yield _fault(BodyRule.TYPE, path, value, f"it must be a {'whole ' if shape.whole else ''}number")
    elif shape.at_least is not None and value < shape.at_least:
        yield _fault(BodyRule.BOUNDS, path, value, f"it must be at least {shape.at_least}")
    elif shape.at_most is not None and value > shape.at_most:
        yield _fault(BodyRule.BOUNDS, path, value, f"it must be at most {shape.at_most}")


def _text_faults(shape: TextShape, value: Any, path: Path) -> Iterator[BodyFault]:
    shown = MASK if shape.sensitive else value
    if not isinstance(value, str):
        yield _fault(BodyRule.TYPE, path, shown, "it must be text")
    elif demand := _length_demand(len(value), shape.min_length, shape.max_length):
        yield _fault(BodyRule.LENGTH, path, shown, f"{demand} characters")
    # As in JSON Schema, a pattern may be found anywhere: those of the tables bring their own ^ and $.
    elif shape.pattern is not None and not shape.pattern.search(value):
        yield _fault(BodyRule.PATTERN, path, shown, f"it must match {shape.pattern.pattern}")


def _list_faults(known: TypeDefinition, shape: ListShape, value: Any, path: Path) -> Iterator[BodyFault]:
    if not isinstance(value, list):
        yield _fault(BodyRule.TYPE, path, value, "it must be a list")
        return
    if demand := _length_demand(len(value), shape.min_length, shape.max_length):
        yield _fault(BodyRule.LENGTH, path, value, f"{demand} items")
    for i, item in enumerate(value):
        yield from _value_faults(known, shape.shape, item, (*path, i))


def _reference_faults(known: TypeDefinition, shape: ObjectShape, value: Any, path: Path) -> Iterator[BodyFault]:
    if isinstance(value, Mapping):
        yield from _object_faults(known, shape, value, path)
    else:
        yield _fault(BodyRule.TYPE, path, value, "it must be an object")


def _object_faults(
    known: TypeDefinition, shape: ObjectShape, value: Mapping[str, Any], path: Path
) -> Iterator[BodyFault]:
    given = {name: item for name, item in value.items() if item is not None}
    if shape.discriminator is not None:
        word = given.get(shape.discriminator)
        if word not in tuple(shape.variants):
            yield from _discriminator_faults(shape, shape.discriminator, word, path)
            return
        shape = known.variant(shape, given)
    for name in sorted(shape.required - set(given)):
        yield BodyFault(rule=BodyRule.REQUIRED, path=(*path, name), value=None, demand="is missing")
    for name, item in given.items():
        yield from _property_faults(known, shape, name, item, path)


def _discriminator_faults(shape: ObjectShape, name: str, word: Any, path: Path) -> Iterator[BodyFault]:
    """Report a missing or unknown variant; nothing is known of the other properties then."""
    if word is None:
        yield BodyFault(rule=BodyRule.REQUIRED, path=(*path, name), value=None, demand="is missing")
    elif word != UNKNOWN:
        yield _fault(BodyRule.ENUM, (*path, name), word, f"it must be {_choice(tuple(shape.variants))}")


def _property_faults(
    known: TypeDefinition, shape: ObjectShape, name: str, value: Any, path: Path
) -> Iterator[BodyFault]:
    if name in shape.properties:
        yield from _value_faults(known, shape.properties[name], value, (*path, name))
    elif name in shape.read_only:
        if value != {}:  # an envelope without content says nothing
            yield BodyFault(
                rule=BodyRule.WRITABLE, path=(*path, name), value=None, demand="is set by Azure; leave it out"
            )
    elif shape.others is not None:
        yield from _value_faults(known, shape.others, value, (*path, name))
    else:
        envelope = known.envelope(shape)
        names = (*shape.properties, *(envelope.properties if envelope else ()))
        close = nearest(name, names)
        hint = f"; did you mean {close}?" if close else ""
        yield BodyFault(rule=BodyRule.KNOWN, path=(*path, name), value=None, demand=f"is not known to Azure{hint}")


def _length_demand(length: int, least: int, most: int | None) -> str | None:
    if length < least:
        return f"it must have at least {least}"
    if most is not None and length > most:
        return f"it must have at most {most}"
    return None


def _choice(words: tuple[str, ...]) -> str:
    *others, last = sorted(words)
    return f"{', '.join(others)} or {last}" if others else last


def _fault(rule: BodyRule, path: Path, value: Any, demand: str) -> BodyFault:
    return BodyFault(rule=rule, path=path, value=_shown(value), demand=demand)


def _shown(value: Any) -> str:
    """Show only the kind of a value that holds others: one of them may be a secret."""
    match value:
        case Mapping():
            return "an object"
        case list():
            return f"a list of {len(value)}"
        case str() if len(value) > SHOWN:
            return f"{value[:SHOWN]!r}…"
        case bool():
            return str(value).lower()
        case _:
            return repr(value)
