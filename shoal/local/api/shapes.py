"""Request bodies held against tables of Azure's own shapes, which `tools/batch_shapes.py` writes from the clients.

A table's `objects` have `properties`, each a word (`string`, `integer`, `duration`, …) or one of `{"object": NAME}`,
`{"enum": NAME}` and `{"items": …}`; the names of those that are `required`; and in `earlier` the properties that newer
api-versions do not know any more, each with the first version that knew it (`from`) and the first that did not
(`until`). An object is compiled once into closures. Checking a body walks it and raises at the first fault.
"""

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import orjson

from shoal.local import errors, times

Reading = Callable[[Any, str, str], Any]
"""Takes a value, the path of its property and the request's api-version; returns it as Batch keeps it.
Raises BatchError."""

INTEGERS = range(-(1 << 31), 1 << 31)
"""Source: the service's OpenAPI description, where every integer that a client sends is an int32."""


class Shapes:
    """The shapes of one client's requests. The table is read at the first use."""

    def __init__(self, client: str) -> None:
        self.client = client
        self._readings: dict[str, Reading] = {}

    @cached_property
    def _table(self) -> Mapping[str, Any]:
        table: Mapping[str, Any] = orjson.loads(
            files(__package__).joinpath("tables", f"{self.client}.json").read_bytes()
        )
        return table

    def normalize(self, name: str, body: Any, version: str) -> None:
        """Check a body and write it as Batch reads it back: enums in the client's case, durations in .NET's form.

        `version` is the request's api-version. A property that is null counts as not given, and is dropped.
        Raises BatchError: InvalidRequestBody, MissingRequiredProperty, UnsupportedProperty, InvalidPropertyValue.
        """
        if not isinstance(body, dict):
            raise errors.invalid_request_body("a JSON object is expected")
        self._object(name)(body, "", version)

    def words(self, enum: str) -> tuple[str, ...]:
        """Return an enum's words in the client's spelling."""
        return tuple(self._table["enums"][enum])

    def properties(self, entity: str) -> frozenset[str]:
        """Return the names of the properties that clients read of an entity."""
        return frozenset(self._table["entities"][entity])

    def _object(self, name: str) -> Reading:
        if name not in self._readings:
            self._readings[name] = self._compiled(self._table["objects"][name])
        return self._readings[name]

    def _compiled(self, entry: Mapping[str, Any]) -> Reading:
        readings = {name: self._value(shape) for name, shape in entry.get("properties", {}).items()}
        required, earlier = entry.get("required", ()), entry.get("earlier", {})

        def read_object(value: Any, path: str, version: str) -> Any:
            if not isinstance(value, dict):
                raise errors.invalid_property(path, value, "an object is expected")
            for name, item in list(value.items()):
                if (read := readings.get(name)) is None:
                    # One that an earlier version knows is accepted and left without effect.
                    if not _knows(earlier.get(name), version):
                        raise errors.unsupported_property(_joined(path, name))
                elif item is None:
                    del value[name]
                else:
                    value[name] = read(item, _joined(path, name), version)
            for name in required:
                if name not in value:
                    raise errors.missing_property(_joined(path, name))
            return value

        return read_object

    def _value(self, shape: Any) -> Reading:
        match shape:
            case {"items": items}:
                return _list(self._value(items))
            case {"enum": name}:
                return _enum(self.words(name))
            case {"object": name}:
                # Looked up late: some objects contain themselves by way of others.
                return lambda value, path, version: self._object(name)(value, path, version)
            case _:
                return PLAIN[shape]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _knows(span: Mapping[str, str] | None, version: str) -> bool:
    """True where the version lies in the span: versions begin with their dates, so they compare as text."""
    return span is not None and span.get("from", "") <= version < span["until"]


def _list(read_item: Reading) -> Reading:
    def read_list(value: Any, path: str, version: str) -> Any:
        if not isinstance(value, list):
            raise errors.invalid_property(path, value, "an array is expected")
        return [read_item(item, f"{path}[{position}]", version) for position, item in enumerate(value)]

    return read_list


@cache
def _enum(members: tuple[str, ...]) -> Reading:
    words = {member.lower(): member for member in members}

    def read_word(value: Any, path: str, version: str) -> Any:
        if not isinstance(value, str) or value.lower() not in words:
            raise errors.invalid_property(path, value, f"one of {', '.join(sorted(words.values()))} is expected")
        return words[value.lower()]

    return read_word


def _parsed(parse: Callable[[str], str]) -> Reading:
    def read_text(value: Any, path: str, version: str) -> Any:
        try:
            return parse(value)
        except (TypeError, ValueError) as exc:
            raise errors.invalid_property(path, value, str(exc)) from None

    return read_text


def _instance(kind: type, expected: str) -> Reading:
    def read_plain(value: Any, path: str, version: str) -> Any:
        if not isinstance(value, kind):
            raise errors.invalid_property(path, value, f"{expected} is expected")
        return value

    return read_plain


def _integer(value: Any, path: str, version: str) -> Any:
    if not isinstance(value, int) or isinstance(value, bool) or value not in INTEGERS:
        raise errors.invalid_property(path, value, "an integer of 32 bits is expected")
    return value


PLAIN: Mapping[str, Reading] = {
    "any": lambda value, path, version: value,
    "boolean": _instance(bool, "true or false"),
    "duration": _parsed(lambda text: times.iso_duration(times.duration(text))),
    "integer": _integer,
    "string": _instance(str, "a string"),
    "time": _parsed(lambda text: times.iso(times.moment_of(text))),
}

DATA_PLANE = Shapes("azure-batch")
ARM = Shapes("azure-mgmt-batch")
