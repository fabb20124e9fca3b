"""Put pydantic's errors into words, in one voice for every file that people write.

A sentence has the key, its value, and the allowed values: `shoal:pools[0].maxSpotNodes is 0; it must be at
least 1`. The caller spells the key and adds the file. A custom error's message goes after `is …;`, so it begins like
`it must be …`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from shoal.autoscale.durations import FORMS
from shoal.suggestion import nearest, suggestion

MAPPING = "it must be a mapping of keys to values"
ALLOWED: Mapping[str, str] = {
    "greater_than_equal": "it must be at least {ge:g}",
    "greater_than": "it must be more than {gt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "int_parsing": "it must be an integer",
    "int_type": "it must be an integer",
    "int_from_float": "it must be an integer",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "string_type": "it must be text",
    "string_too_short": "it must say something",
    "string_too_long": "it must have at most {max_length} characters",
    "enum": "it must be {expected}",
    "literal_error": "it must be {expected}",
    "too_short": "it must have at least {min_length}",
    "too_long": "it must have at most {max_length}",
    "list_type": "it must be a list",
    "tuple_type": "it must be a list",
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "model_attributes_type": MAPPING,
    "time_delta_type": f"it must be a duration such as {FORMS}",
    "value_error": "{error}",
}
"""Sentences for pydantic's types of errors; the gaps are filled from the error's context."""

SECRET = frozenset({"password"})
"""Keys whose values are never shown."""
LONGEST_VALUE = 200
"""Characters of a wrong value that a message shows; an ARM id fits."""


def sentence(error: ErrorDetails, key: str, model: Any) -> str:
    """Return one error of validating `model`, a pydantic model or any annotation; `key` is the path as people spell it.

    Where `key` is empty, the error is about the file as a whole.
    """
    match error["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is not a known key; {_mend(str(error['loc'][-1]), error['loc'][:-1], model)}"
    allowed = error["msg"]
    if error["type"] in ALLOWED:
        allowed = ALLOWED[error["type"]].format_map(error.get("ctx", {}))
    if not key:
        return allowed
    if isinstance(error["input"], dict | list) and not allowed.startswith("it must"):
        return f"{key} is wrong: {allowed}"  # the message is about parts of the value
    return f"{key} is {shown_value(error)}; {allowed}"


def _mend(key: str, location: Sequence[str | int], model: Any) -> str:
    """Return the levels that have the key, or else the known key that is meant here."""
    if levels := levels_with(model, key):
        return f"it is a key of {' and of '.join(levels)}"
    return suggestion(key, known_keys(model, location))


def levels_with(model: Any, key: str) -> list[str]:
    """Return the levels below a model, as `stages.inputs`, that have a key: the outermost ones."""
    level: list[tuple[str, type[BaseModel]]] = [("", one) for one in _models(model)]
    seen: set[type[BaseModel]] = set()
    while level:
        names = [path for path, one in level if key in {_key(name, field) for name, field in one.model_fields.items()}]
        if names:
            return [path or "the whole file" for path in dict.fromkeys(names)]
        seen |= {one for _, one in level}
        level = [
            (f"{path}.{_key(name, field)}".removeprefix("."), inner)
            for path, one in level
            for name, field in one.model_fields.items()
            for inner in _models(field.annotation)
            if inner not in seen
        ]
    return []


def spelling(location: Sequence[str | int]) -> str:
    """`pools[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def shown_value(error: ErrorDetails) -> str:
    """Return the wrong value as text, but nothing that is, or may hold, a secret."""
    value = error["input"]
    match value:
        case _ if SECRET.intersection(error["loc"]):
            return "[secret]"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case None | "":
            return "empty"
        case bool():
            return str(value).lower()
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def without_consequences(errors: Sequence[ErrorDetails], model: Any) -> list[ErrorDetails]:
    """Leave out each missing key that is there misspelt: one cause, one message."""
    misspelt = {
        (*error["loc"][:-1], nearest(str(error["loc"][-1]), known_keys(model, error["loc"][:-1])))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    return [error for error in errors if error["type"] != "missing" or error["loc"] not in misspelt]


def known_keys(model: Any, location: Sequence[str | int]) -> list[str]:
    """Return the keys of the mapping at a location below a model or an annotation."""
    annotation = model
    for step in location:
        fields = {_key(name, field): field for one in _models(annotation) for name, field in one.model_fields.items()}
        if step in fields:  # others are indices, names in a mapping, and tags of unions
            annotation = fields[str(step)].annotation
    return [_key(name, field) for one in _models(annotation) for name, field in one.model_fields.items()]


def _key(name: str, field: Any) -> str:
    return field.alias or name


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
