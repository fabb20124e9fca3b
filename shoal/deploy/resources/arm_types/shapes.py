"""The shapes of values in a body, and how the tables write them.

A shape is a bare word, `"string"`, `"integer"`, `"number"`, `"boolean"` or `"any"`, or an object with a key that says
which: `{"type": "string", "maxLength": 24}`, `{"enum": [...]}`, `{"items": shape}`, `{"object": "name of an object"}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    whole: bool
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    min_length: int
    max_length: int | None
    pattern: re.Pattern[str] | None
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One of an enumeration."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    shape: "Shape"
    min_length: int
    max_length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """To an object of the same table, by name."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    properties: Mapping[str, "Shape"]
    """Those that can be written."""
    required: frozenset[str]
    read_only: frozenset[str]
    others: "Shape | None"
    """Of properties with any other name; None where there may be none."""
    discriminator: str | None
    spelled: Mapping[str, str]
    """What azure-native calls otherwise, from its name to ARM's."""
    variants: Mapping[str, str]
    """By what stands under the discriminator: the object whose properties are there too."""


Shape = Anything | Boolean | Number | Text | Word | Items | Reference


def shape(entry: Any) -> Shape:
    match entry:
        case "any":
            return Anything()
        case "boolean":
            return Boolean()
        case "string" | {"type": "string"}:
            return _text({} if entry == "string" else entry)
        case "number":
            return Number(whole=False, at_least=None, at_most=None)
        case "integer" | {"type": "integer"}:
            limits = {} if entry == "integer" else entry
            return Number(whole=True, at_least=limits.get("minValue"), at_most=limits.get("maxValue"))
        case {"enum": words}:
            return Word(words=tuple(words))
        case {"items": items}:
            return Items(shape=shape(items), min_length=entry.get("minLength", 0), max_length=entry.get("maxLength"))
        case {"object": name}:
            return Reference(object=name)
    raise ValueError(f"a table of ARM's types has the shape {entry!r}")


def object_shape(entry: Mapping[str, Any]) -> Object:
    return Object(
        properties={name: shape(value) for name, value in entry.get("properties", {}).items()},
        required=frozenset(entry.get("required", ())),
        read_only=frozenset(entry.get("readOnly", ())),
        others=shape(entry["others"]) if "others" in entry else None,
        discriminator=entry.get("discriminator"),
        spelled=entry.get("spelled", {}),
        variants=entry.get("variants", {}),
    )


def joined(one: Object, other: Object) -> Object:
    """With the properties of both, and without variants."""
    return Object(
        properties={**one.properties, **other.properties},
        required=one.required | other.required,
        read_only=one.read_only | other.read_only,
        others=one.others or other.others,
        discriminator=None,
        spelled={**one.spelled, **other.spelled},
        variants={},
    )


def _text(limits: Mapping[str, Any]) -> Text:
    return Text(
        min_length=limits.get("minLength", 0),
        max_length=limits.get("maxLength"),
        pattern=re.compile(limits["pattern"]) if "pattern" in limits else None,
        sensitive=limits.get("sensitive", False),
    )
