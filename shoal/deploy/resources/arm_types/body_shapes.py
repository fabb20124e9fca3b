"""The shapes of values in a body, and their notation in the tables.

A shape is a bare word, `"string"`, `"integer"`, `"number"`, `"boolean"` or `"any"`, or an object whose key names its
kind: `{"type": "string", "maxLength": 24}`, `{"enum": [...]}`, `{"items": shape}`, `{"object": "name of an object"}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyShape:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanShape:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberShape:
    whole: bool
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShape:
    min_length: int
    max_length: int | None
    pattern: re.Pattern[str] | None
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumShape:
    """One word of a closed set."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShape:
    shape: "Shape"
    min_length: int
    max_length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectReference:
    """An object of the same table, by its name there."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectShape:
    properties: Mapping[str, "Shape"]
    """The writable properties."""
    required: frozenset[str]
    read_only: frozenset[str]
    others: "Shape | None"
    """The shape of properties with any other name; None where no others are allowed."""
    discriminator: str | None
    spelled: Mapping[str, str]
    """Properties that azure-native renames: from its name to ARM's."""
    variants: Mapping[str, str]
    """From a value of the discriminator to the object whose properties are allowed as well."""


Shape = AnyShape | BooleanShape | NumberShape | TextShape | EnumShape | ListShape | ObjectReference


def shape(entry: Any) -> Shape:
    """Read a shape in the tables' notation. Raises ValueError for one that is not written so."""
    match entry:
        case "any":
            return AnyShape()
        case "boolean":
            return BooleanShape()
        case "string" | {"type": "string"}:
            return _text({} if entry == "string" else entry)
        case "number":
            return NumberShape(whole=False, at_least=None, at_most=None)
        case "integer" | {"type": "integer"}:
            limits = {} if entry == "integer" else entry
            return NumberShape(whole=True, at_least=limits.get("minValue"), at_most=limits.get("maxValue"))
        case {"enum": words}:
            return EnumShape(words=tuple(words))
        case {"items": items}:
            return ListShape(
                shape=shape(items), min_length=entry.get("minLength", 0), max_length=entry.get("maxLength")
            )
        case {"object": name}:
            return ObjectReference(object=name)
    raise ValueError(f"a table of ARM's types has the shape {entry!r}")


def object_shape(entry: Mapping[str, Any]) -> ObjectShape:
    return ObjectShape(
        properties={name: shape(value) for name, value in entry.get("properties", {}).items()},
        required=frozenset(entry.get("required", ())),
        read_only=frozenset(entry.get("readOnly", ())),
        others=shape(entry["others"]) if "others" in entry else None,
        discriminator=entry.get("discriminator"),
        spelled=entry.get("spelled", {}),
        variants=entry.get("variants", {}),
    )


def joined(one: ObjectShape, other: ObjectShape) -> ObjectShape:
    """Return an object with the properties of both, and without variants."""
    return ObjectShape(
        properties={**one.properties, **other.properties},
        required=one.required | other.required,
        read_only=one.read_only | other.read_only,
        others=one.others or other.others,
        discriminator=None,
        spelled={**one.spelled, **other.spelled},
        variants={},
    )


def _text(limits: Mapping[str, Any]) -> TextShape:
    return TextShape(
        min_length=limits.get("minLength", 0),
        max_length=limits.get("maxLength"),
        pattern=re.compile(limits["pattern"]) if "pattern" in limits else None,
        sensitive=limits.get("sensitive", False),
    )
