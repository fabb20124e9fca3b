"""Request bodies held against the models of the official clients: one schema, and it is Azure's.

A shape is compiled once per model into closures; checking a body walks it and raises at the first fault.
"""

import datetime
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from types import NoneType, SimpleNamespace, UnionType
from typing import Any

from shoal.local import errors, times

Reading = Callable[[Any, str], Any]
"""Takes a value and the path of the property it was found under, returns it as Batch keeps it; raises BatchError."""

EARLIER_PROPERTIES = frozenset(
    {
        "applicationLicenses",
        "authenticationTokenSettings",
        "certificateReferences",
        "certificates",
        "resourceTags",
        "targetNodeCommunicationMode",
    }
)
"""Known to api-versions before 2025-06-01 and gone since; accepted and left without effect.
Source: azure-batch change log, 15.0.0b1 to 15.1.0, and azure-mgmt-batch's, 19.0.0."""

INTEGERS = range(-(1 << 31), 1 << 31)
"""Source: the service's OpenAPI description, where every integer that a client sends is an int32."""


def normalize(model: type, body: Any) -> None:
    """Check a body and write it as Batch reads it back: words of enums in the client's case, durations in .NET's form.

    A property that is null is one that was not given, and is dropped.
    Raises BatchError: InvalidRequestBody, MissingRequiredProperty, UnsupportedProperty, InvalidPropertyValue.
    """
    if not isinstance(body, dict):
        raise errors.invalid_request_body("a JSON object is expected")
    _object(model)(body, "")


@cache
def _object(model: type) -> Reading:
    hints = typing.get_type_hints(model, None, _namespace(model.__module__.rpartition(".")[0]))
    fields: Mapping[str, Any] = model({})._attr_to_rest_field
    readings: dict[str, Reading] = {}
    required = []
    for attribute, field in fields.items():
        optional, inner = _unwrapped(hints[attribute])
        readings[field._rest_name] = _value(inner)
        if not optional:
            required.append(field._rest_name)

    def read_object(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise errors.invalid_property(path, value, "an object is expected")
        for name, item in list(value.items()):
            where = f"{path}.{name}" if path else name
            if (read := readings.get(name)) is None:
                if name not in EARLIER_PROPERTIES:
                    raise errors.unsupported_property(where)
            elif item is None:
                del value[name]
            else:
                value[name] = read(item, where)
        for name in required:
            if name not in value:
                raise errors.missing_property(f"{path}.{name}" if path else name)
        return value

    return read_object


@cache
def _namespace(package: str) -> dict[str, Any]:
    """What the annotations of a client's models refer to; clients import it under TYPE_CHECKING only."""
    everything = {**vars(import_module(f"{package}._models")), **vars(import_module(package))}
    return {**everything, "_models": SimpleNamespace(**everything)}


def _unwrapped(hint: Any) -> tuple[bool, Any]:
    """Whether None is allowed, and the type without it; of `Union[str, SomeEnum]` the enum."""
    if typing.get_origin(hint) not in (typing.Union, UnionType):
        return False, hint
    members = [member for member in typing.get_args(hint) if member is not NoneType]
    enums = [member for member in members if isinstance(member, type) and issubclass(member, Enum)]
    return NoneType in typing.get_args(hint), (enums or members)[0]


def _value(hint: Any) -> Reading:
    if typing.get_origin(hint) is list:
        return _list(typing.get_args(hint)[0])
    if hint is datetime.timedelta:
        return _parsed(lambda text: times.iso_duration(times.duration(text)))
    if hint is datetime.datetime:
        return _parsed(lambda text: times.iso(times.moment_of(text)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if hasattr(hint, "_attr_to_rest_field") or getattr(hint, "__module__", "").endswith(".models._models"):
        # Looked up late: some models contain themselves by way of others.
        return lambda value, path: _object(hint)(value, path)
    return _plain(hint)


def _list(item_hint: Any) -> Reading:
    read_item = _value(_unwrapped(item_hint)[1])

    def read_list(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise errors.invalid_property(path, value, "an array is expected")
        return [read_item(item, f"{path}[{position}]") for position, item in enumerate(value)]

    return read_list


def _enum(hint: type[Enum]) -> Reading:
    words = {str(member.value).lower(): str(member.value) for member in hint}

    def read_word(value: Any, path: str) -> Any:
        if not isinstance(value, str) or value.lower() not in words:
            raise errors.invalid_property(path, value, f"one of {', '.join(sorted(words.values()))} is expected")
        return words[value.lower()]

    return read_word


def _parsed(parse: Callable[[str], str]) -> Reading:
    def read_text(value: Any, path: str) -> Any:
        try:
            return parse(value)
        except (TypeError, ValueError) as exc:
            raise errors.invalid_property(path, value, str(exc)) from None

    return read_text


def _plain(hint: Any) -> Reading:
    if hint is int:
        return _integer
    kinds = {str: "a string", bool: "true or false"}
    if hint not in kinds:
        return lambda value, path: value

    def read_plain(value: Any, path: str) -> Any:
        if not isinstance(value, hint):
            raise errors.invalid_property(path, value, f"{kinds[hint]} is expected")
        return value

    return read_plain


def _integer(value: Any, path: str) -> Any:
    if not isinstance(value, int) or isinstance(value, bool) or value not in INTEGERS:
        raise errors.invalid_property(path, value, "an integer of 32 bits is expected")
    return value
