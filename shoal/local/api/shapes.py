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

Check = Callable[[Any, str], None]
"""Takes a value and the path of the property it was found under; raises BatchError."""

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


def check(model: type, body: Any) -> None:
    """Raises BatchError: InvalidRequestBody, MissingRequiredProperty, UnsupportedProperty, InvalidPropertyValue."""
    if not isinstance(body, dict):
        raise errors.invalid_request_body("a JSON object is expected")
    _object(model)(body, "")


@cache
def _object(model: type) -> Check:
    hints = typing.get_type_hints(model, None, _namespace(model.__module__.rpartition(".")[0]))
    fields: Mapping[str, Any] = model({})._attr_to_rest_field
    checks: dict[str, Check] = {}
    required = []
    for attribute, field in fields.items():
        optional, inner = _unwrapped(hints[attribute])
        checks[field._rest_name] = _value(inner)
        if not optional:
            required.append(field._rest_name)

    def check_object(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise errors.invalid_property(path, value, "an object is expected")
        for name, item in value.items():
            where = f"{path}.{name}" if path else name
            if (check_item := checks.get(name)) is not None:
                if item is not None:
                    check_item(item, where)
            elif name not in EARLIER_PROPERTIES:
                raise errors.unsupported_property(where)
        for name in required:
            if value.get(name) is None:
                raise errors.missing_property(f"{path}.{name}" if path else name)

    return check_object


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


def _value(hint: Any) -> Check:
    if typing.get_origin(hint) is list:
        return _list(typing.get_args(hint)[0])
    if hint is datetime.timedelta:
        return _parsed(times.duration)
    if hint is datetime.datetime:
        return _parsed(times.moment_of)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if hasattr(hint, "_attr_to_rest_field") or getattr(hint, "__module__", "").endswith(".models._models"):
        # Looked up late: some models contain themselves by way of others.
        return lambda value, path: _object(hint)(value, path)
    return _plain(hint)


def _list(item_hint: Any) -> Check:
    check_item = _value(_unwrapped(item_hint)[1])

    def check_list(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise errors.invalid_property(path, value, "an array is expected")
        for position, item in enumerate(value):
            check_item(item, f"{path}[{position}]")

    return check_list


def _enum(hint: type[Enum]) -> Check:
    allowed = {str(member.value).lower() for member in hint}

    def check_enum(value: Any, path: str) -> None:
        if not isinstance(value, str) or value.lower() not in allowed:
            raise errors.invalid_property(path, value, f"one of {', '.join(sorted(allowed))} is expected")

    return check_enum


def _parsed(parse: Callable[[str], int]) -> Check:
    def check_text(value: Any, path: str) -> None:
        try:
            parse(value)
        except (TypeError, ValueError) as exc:
            raise errors.invalid_property(path, value, str(exc)) from None

    return check_text


def _plain(hint: Any) -> Check:
    kinds = {str: "a string", bool: "true or false", int: "an integer", float: "a number"}
    if hint not in kinds:
        return lambda value, path: None

    def check_plain(value: Any, path: str) -> None:
        if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
            raise errors.invalid_property(path, value, f"{kinds[hint]} is expected")

    return check_plain
