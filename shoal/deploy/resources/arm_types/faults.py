"""What ARM would find wrong with a body: the first rule that each of its values breaks. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never

from shoal.deploy.resources.arm_types.shapes import (
    Anything,
    Boolean,
    Items,
    Number,
    Object,
    Reference,
    Shape,
    Text,
    Word,
)
from shoal.deploy.resources.arm_types.tables import Definition
from shoal.deploy.resources.properties import MASK, UNKNOWN
from shoal.suggestion import nearest

Path = tuple[str | int, ...]
SHOWN = 60
"""Characters of a wrong value that are shown."""


class Rule(Enum):
    REQUIRED = "required"
    KNOWN = "known"
    WRITABLE = "writable"
    TYPE = "type"
    ENUM = "enum"
    LENGTH = "length"
    PATTERN = "pattern"
    BOUNDS = "bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    rule: Rule
    path: Path
    found: str | None
    """The value as it may be shown; None where the fault is not in a value."""
    demand: str
    """The rest of the sentence that begins with the path and what was found."""


def faults(known: Definition, body: Mapping[str, Any], *, name: str | None = None) -> list[Fault]:
    """Of a PUT of this body; of the resource's name too where it is given. What is UNKNOWN is let through."""
    of_name = [] if name is None else _of_value(known, known.name, name, ("name",))
    return [*of_name, *_of_object(known, known.body, body, ())]


def _of_value(known: Definition, shape: Shape, value: Any, path: Path) -> Iterator[Fault]:
    if value == UNKNOWN:
        return
    match shape:
        case Anything():
            pass
        case Boolean():
            if not isinstance(value, bool):
                yield _fault(Rule.TYPE, path, value, "it must be true or false")
        case Number():
            yield from _of_number(shape, value, path)
        case Text():
            yield from _of_text(shape, value, path)
        case Word(words=words):
            if value not in words:
                yield _fault(Rule.ENUM, path, value, f"it must be {_choice(words)}")
        case Items():
            yield from _of_items(known, shape, value, path)
        case Reference(object=name):
            yield from _of_reference(known, known.object(name), value, path)
        case _:
            assert_never(shape)


def _of_number(shape: Number, value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, bool) or not isinstance(value, int if shape.whole else int | float):
        yield _fault(Rule.TYPE, path, value, f"it must be a {'whole ' if shape.whole else ''}number")
    elif shape.at_least is not None and value < shape.at_least:
        yield _fault(Rule.BOUNDS, path, value, f"it must be at least {shape.at_least}")
    elif shape.at_most is not None and value > shape.at_most:
        yield _fault(Rule.BOUNDS, path, value, f"it must be at most {shape.at_most}")


def _of_text(shape: Text, value: Any, path: Path) -> Iterator[Fault]:
    shown = MASK if shape.sensitive else value
    if not isinstance(value, str):
        yield _fault(Rule.TYPE, path, shown, "it must be text")
    elif demand := _length_demand(len(value), shape.min_length, shape.max_length):
        yield _fault(Rule.LENGTH, path, shown, f"{demand} characters")
    elif shape.pattern is not None and not shape.pattern.search(value):
        yield _fault(Rule.PATTERN, path, shown, f"it must match {shape.pattern.pattern}")


def _of_items(known: Definition, shape: Items, value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield _fault(Rule.TYPE, path, value, "it must be a list")
        return
    if demand := _length_demand(len(value), shape.min_length, shape.max_length):
        yield _fault(Rule.LENGTH, path, value, f"{demand} items")
    for i, item in enumerate(value):
        yield from _of_value(known, shape.shape, item, (*path, i))


def _of_reference(known: Definition, shape: Object, value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        yield from _of_object(known, shape, value, path)
    else:
        yield _fault(Rule.TYPE, path, value, "it must be an object")


def _of_object(known: Definition, shape: Object, value: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    given = {name: item for name, item in value.items() if item is not None}
    if shape.discriminator is not None:
        word = given.get(shape.discriminator)
        if word not in tuple(shape.variants):
            yield from _of_discriminator(shape, shape.discriminator, word, path)
            return
        shape = known.variant(shape, given)
    for name in sorted(shape.required - set(given)):
        yield Fault(rule=Rule.REQUIRED, path=(*path, name), found=None, demand="is missing")
    for name, item in given.items():
        yield from _of_property(known, shape, name, item, path)


def _of_discriminator(shape: Object, name: str, word: Any, path: Path) -> Iterator[Fault]:
    """What an object of no known variant may hold is not known either."""
    if word is None:
        yield Fault(rule=Rule.REQUIRED, path=(*path, name), found=None, demand="is missing")
    elif word != UNKNOWN:
        yield _fault(Rule.ENUM, (*path, name), word, f"it must be {_choice(tuple(shape.variants))}")


def _of_property(known: Definition, shape: Object, name: str, value: Any, path: Path) -> Iterator[Fault]:
    if name in shape.properties:
        yield from _of_value(known, shape.properties[name], value, (*path, name))
    elif name in shape.read_only:
        if value != {}:  # an envelope without content says nothing
            yield Fault(rule=Rule.WRITABLE, path=(*path, name), found=None, demand="is for Azure to say; leave it out")
    elif shape.others is not None:
        yield from _of_value(known, shape.others, value, (*path, name))
    else:
        envelope = known.envelope(shape)
        names = (*shape.properties, *(envelope.properties if envelope else ()))
        hint = f"; did you mean {near}?" if (near := nearest(name, names)) else ""
        yield Fault(rule=Rule.KNOWN, path=(*path, name), found=None, demand=f"is not known to Azure{hint}")


def _length_demand(length: int, least: int, most: int | None) -> str | None:
    if length < least:
        return f"it must have at least {least}"
    if most is not None and length > most:
        return f"it must have at most {most}"
    return None


def _choice(words: tuple[str, ...]) -> str:
    *others, last = sorted(words)
    return f"{', '.join(others)} or {last}" if others else last


def _fault(rule: Rule, path: Path, value: Any, demand: str) -> Fault:
    return Fault(rule=rule, path=path, found=_shown(value), demand=demand)


def _shown(value: Any) -> str:
    """Of what holds other values only its kind: one of them may be a secret."""
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
