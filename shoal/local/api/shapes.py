"""Request bodies held against tables of Azure's own shapes, which `tools/batch_shapes.py` writes from the clients.

A table's `objects` have `properties`, each a word (`string`, `integer`, `duration`, …) or one of `{"object": NAME}`,
`{"enum": NAME}` and `{"items": …}`; the names of those that are `required`; in `since` the first api-version of those
that are newer than 2019; and in `earlier` the properties that newer versions do not know any more, each with the first
version that knew it (`from`), the first that did not (`until`), the property that it has become (`as`), and `array` as
its `kind` where nothing else fits. Of entities, `spans` has the same, and `parts` names the entities within one by
their paths. An object is compiled once into closures. Checking a body walks it and raises at the first fault.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from importlib.resources import files
from typing import Any

import orjson

from shoal.local import errors, times
from shoal.local.api.object_rules import ARM_RULES, OBJECT_RULES, Rule
from shoal.local.api.value_limits import VALUE_LIMITS, Limit

Path = tuple["Path", str | int] | None
"""The place of a value: that of the value around it, and its own name or position. Written out for errors only."""
Reading = Callable[[Any, Path, str], Any]
"""Takes a value, its path and the request's api-version; returns it as Batch keeps it. Raises BatchError."""

INTEGERS = range(-(1 << 31), 1 << 31)
"""Source: the service's OpenAPI description, where every integer that a client sends is an int32."""
INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
BOOLEANS = {"true": True, "false": False}
"""Source: azure-cli 2.91, whose `az batch` sends numbers as strings, which Azure reads."""


ABSENT: tuple[Any, ...] = (None, "")
"""Values of an optional property that count as not given."""


class Shapes:
    """The shapes of one client's requests. The table is read at the first use."""

    def __init__(
        self,
        client: str,
        *,
        limits: Mapping[str, Mapping[str, Limit]] | None = None,
        rules: Mapping[str, Rule] | None = None,
        ignore_case: bool = False,
        ignore_since: bool = False,
        keep_empty_strings: bool = False,
    ) -> None:
        """`ignore_case` is for names of properties; `keep_empty_strings` for planes where "" clears a string.

        `ignore_since` is for bodies of another plane, which has checked them by its own versions.
        """
        self.client = client
        self._limits = limits or {}
        self._rules = rules or {}
        self._ignore_case = ignore_case
        self._ignore_since = ignore_since
        self._keep_empty_strings = keep_empty_strings
        self._readings: dict[str, Reading] = {}

    @cached_property
    def _table(self) -> Mapping[str, Any]:
        table: Mapping[str, Any] = orjson.loads(
            files(__package__).joinpath("tables", f"{self.client}.json").read_bytes()
        )
        return table

    def normalize(self, name: str, body: Any, version: str) -> None:
        """Check a body and write it as Batch reads it back: enums in the client's case, durations in .NET's form.

        `version` is the request's api-version. A property that is null counts as not given, and is dropped; so is an
        optional one that is "". Numbers and booleans may be strings, and the names of ARM's properties in any case.
        Raises BatchError: InvalidRequestBody, MissingRequiredProperty, UnsupportedProperty, InvalidPropertyValue.
        """
        if not isinstance(body, dict):
            raise errors.invalid_request_body("a JSON object is expected")
        # Clients send back what they have read, and that begins with it.
        body.pop("odata.metadata", None)
        self._object(name)(body, None, version)

    def names(self, name: str) -> frozenset[str]:
        """Return the names of the properties that a body may have in the newest version."""
        return frozenset(self._table["objects"][name]["properties"])

    def words(self, enum: str) -> tuple[str, ...]:
        """Return an enum's words in the client's spelling."""
        return tuple(self._table["enums"][enum])

    def properties(self, entity: str, version: str) -> frozenset[str]:
        """Return the names of the properties that clients of a version read of an entity."""
        spans: Mapping[str, Mapping[str, str]] = self._table["spans"].get(entity, {})
        names = (*self._table["entities"][entity], *spans)
        return frozenset(name for name in names if name not in spans or _knows(spans[name], version))

    def spoken(self, entity: str, view: dict[str, Any], version: str) -> dict[str, Any]:
        """Return an entity as a version of the API knows it."""
        spans: Mapping[str, Mapping[str, str]] = self._table["spans"].get(entity, {})
        shown = {name: item for name, item in view.items() if name not in spans or _knows(spans[name], version)}
        before = {name: view[span["as"]] for name, span in spans.items() if "as" in span and _knows(span, version)}
        shown |= before
        for path, part in self._table["parts"].get(entity, {}).items():
            shown = _changed(shown, path.split("."), partial(self.spoken, part, version=version))
        return shown

    def _object(self, name: str) -> Reading:
        if name not in self._readings:
            # Until it is compiled: some objects contain themselves by way of others.
            self._readings[name] = lambda value, path, version: self._readings[name](value, path, version)
            self._readings[name] = self._compiled(name, self._table["objects"][name])
        return self._readings[name]

    def _compiled(self, object_name: str, entry: Mapping[str, Any]) -> Reading:
        properties: Mapping[str, Any] = entry.get("properties", {})
        limits, rule = self._limits.get(object_name, {}), self._rules.get(object_name)
        required, earlier = entry.get("required", ()), entry.get("earlier", {})
        readings = {
            name: (_limited(self._value(shape), limits.get(name)), self._absent(shape, required=name in required))
            for name, shape in properties.items()
        }
        since: Mapping[str, str] = {} if self._ignore_since else entry.get("since", {})
        moved = {name: span for name, span in earlier.items() if "as" in span}
        # From this version on, a body needs no look for properties that are newer, or have another place now.
        settled = max([*since.values(), *(span.get("until", "9") for span in moved.values())], default="")
        spellings = {name.lower(): name for name in (*readings, *earlier)} if self._ignore_case else {}

        def read_object(value: Any, path: Path, version: str) -> Any:
            if not isinstance(value, dict):
                raise _invalid(path, value, "an object is expected")
            if spellings:
                _respell(value, spellings)
            if version < settled:
                _require_known(value, since, path, version)
                _move(value, moved, version)
            for name, item in list(value.items()):
                if name not in readings:
                    # One that an earlier version knows is accepted and left without effect.
                    if not _knows(earlier.get(name), version):
                        raise errors.unsupported_property(_text((path, name)))
                    if earlier[name].get("kind") == "array" and not isinstance(item, list | None):
                        raise _invalid((path, name), item, "an array is expected")
                    continue
                read, absent = readings[name]
                if item in absent:
                    del value[name]
                elif read is not _string or not isinstance(item, str):  # most values are text, which stays as it is
                    value[name] = read(item, (path, name), version)
            for name in required:
                if name not in value:
                    raise errors.missing_property(_text((path, name)))
            if rule is not None:
                rule(value, lambda name: _text((path, name)))
            return value

        return read_object

    def _absent(self, shape: Any, *, required: bool) -> tuple[Any, ...]:
        """Return the values of a property that count as not given."""
        kept = required or shape == "any" or (shape == "string" and self._keep_empty_strings)
        return ABSENT[:1] if kept else ABSENT

    def _value(self, shape: Any) -> Reading:
        match shape:
            case {"items": items}:
                return _list(self._value(items))
            case {"enum": name}:
                return _enum(self.words(name))
            case {"object": name}:
                return self._object(name)
            case _:
                return PLAIN[shape]


def _changed(view: dict[str, Any], path: list[str], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the view with another object at the path, or the same view where it has none there."""
    name, *deeper = path
    if (inner := view.get(name)) is None:
        return view
    return {**view, name: _changed(inner, deeper, change) if deeper else change(inner)}


def _respell(body: dict[str, Any], spellings: Mapping[str, str]) -> None:
    """Give the properties their own spelling, by their names in lower case."""
    for given in list(body):
        if (name := spellings.get(given.lower(), given)) != given:
            body[name] = body.pop(given)


def _text(path: Path) -> str:
    """Return a path as errors name it, such as `resourceFiles[0].httpUrl`."""
    if path is None:
        return ""
    around, name = path
    if isinstance(name, int):
        return f"{_text(around)}[{name}]"
    return f"{_text(around)}.{name}" if around else name


def _invalid(path: Path, value: Any, reason: str) -> errors.BatchError:
    return errors.invalid_property(_text(path), value, reason)


def _knows(span: Mapping[str, str] | None, version: str) -> bool:
    """True where the version lies in the span: versions begin with their dates, so they compare as text."""
    return span is not None and span.get("from", "") <= version < span.get("until", "9")


def _require_known(body: dict[str, Any], since: Mapping[str, str], path: Path, version: str) -> None:
    """Raises BatchError UnsupportedProperty where the body has a property that is newer than its version."""
    for name, first in since.items():
        if version < first and name in body:
            raise errors.unsupported_property(_text((path, name)))


def _move(body: dict[str, Any], moved: Mapping[str, Mapping[str, str]], version: str) -> None:
    """Give the properties of an earlier version the places that they have now."""
    for name, span in moved.items():
        if name in body and _knows(span, version):
            *parents, last = span["as"].split(".")
            place = body
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = body.pop(name)


def _limited(read: Reading, limit: Limit | None) -> Reading:
    """Return a reading that refuses what lies beyond a limit."""
    if limit is None:
        return read

    def read_limited(value: Any, path: Path, version: str) -> Any:
        result = read(value, path, version)
        if (reason := limit(result)) is not None:
            raise _invalid(path, value, reason)
        return result

    return read_limited


def _list(read_item: Reading) -> Reading:
    def read_list(value: Any, path: Path, version: str) -> Any:
        if not isinstance(value, list):
            raise _invalid(path, value, "an array is expected")
        return [read_item(item, (path, position), version) for position, item in enumerate(value)]

    return read_list


@cache
def _enum(members: tuple[str, ...]) -> Reading:
    words = {member.lower(): member for member in members}

    def read_word(value: Any, path: Path, version: str) -> Any:
        if not isinstance(value, str) or value.lower() not in words:
            raise _invalid(path, value, f"one of {', '.join(sorted(words.values()))} is expected")
        return words[value.lower()]

    return read_word


def _parsed(parse: Callable[[str], str]) -> Reading:
    def read_text(value: Any, path: Path, version: str) -> Any:
        try:
            return parse(value)
        except (TypeError, ValueError) as exc:
            raise _invalid(path, value, str(exc)) from None

    return read_text


def _instance(kind: type, expected: str) -> Reading:
    def read_plain(value: Any, path: Path, version: str) -> Any:
        if not isinstance(value, kind):
            raise _invalid(path, value, f"{expected} is expected")
        return value

    return read_plain


def _boolean(value: Any, path: Path, version: str) -> Any:
    read = BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(read, bool):
        raise _invalid(path, value, "true or false is expected")
    return read


def _integer(value: Any, path: Path, version: str) -> Any:
    match value:
        case str() if INTEGER.fullmatch(value):
            number = int(value)
        case float() if value.is_integer():
            number = int(value)
        case _:
            number = value
    if not isinstance(number, int) or isinstance(number, bool) or number not in INTEGERS:
        raise _invalid(path, value, "an integer of 32 bits is expected")
    return number


_string = _instance(str, "a string")

PLAIN: Mapping[str, Reading] = {
    "any": lambda value, path, version: value,
    "boolean": _boolean,
    "duration": _parsed(lambda text: times.iso_duration(times.duration(text))),
    "integer": _integer,
    "string": _string,
    "time": _parsed(lambda text: times.iso(times.moment_of(text))),
}

DATA_PLANE = Shapes("azure-batch", limits=VALUE_LIMITS, rules=OBJECT_RULES)
FROM_ARM = Shapes("azure-batch", limits=VALUE_LIMITS, rules=OBJECT_RULES, ignore_since=True)
"""For bodies in the data plane's words that came by way of ARM."""
ARM = Shapes("azure-mgmt-batch", rules=ARM_RULES, ignore_case=True, keep_empty_strings=True)
