"""How a wrong key in the stack's configuration is put into words: file, key, what was found, what is allowed."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from shoal.autoscale.durations import FORMS
from shoal.autoscale.review import shown
from shoal.suggestion import nearest

ALLOWED = {
    "greater_than_equal": "it must be at least {ge:g}",
    "greater_than": "it must be more than {gt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "int_parsing": "it must be an integer",
    "int_type": "it must be an integer",
    "int_from_float": "it must be an integer",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "string_type": "it must be text",
    "string_too_short": "it must say something",
    "enum": "it must be {expected}",
    "literal_error": "it must be {expected}",
    "tuple_type": "it must be a list",
    "dict_type": "it must be a mapping of keys to values",
    "model_type": "it must be a mapping of keys to values",
    "model_attributes_type": "it must be a mapping of keys to values",
    "duration": "it must be a duration such as {forms}",
    "time_delta_type": f"it must be a duration such as {FORMS}",
}

SECRET = frozenset({"password"})


def explain(error: ErrorDetails, model: type[BaseModel], project: str, file: str) -> str:
    """One of pydantic's errors on `model`, in the spelling of the stack's file: a line, or for a formula its places."""
    key = f"{project}:{_path(error['loc'])}"
    match error["type"]:
        case "formula":
            return "\n".join(shown(fault, error["input"], f"{file}: {key}") for fault in error["ctx"]["faults"])
        case "pool":
            return "\n".join(
                f"{key}.{fault.at} {fault.text} ({file})" if fault.at else f"{key} is wrong: it {fault.text} ({file})"
                for fault in error["ctx"]["faults"]
            )
        case "missing":
            sentence = f"{key} is missing"
        case "extra_forbidden":
            sentence = f"{key} is not a known key{_suggestion(error['loc'], model)}"
        case "value_error" if not error["loc"]:
            sentence = str(error["ctx"]["error"]).replace("shoal:", f"{project}:")
        case "value_error" if isinstance(error["input"], dict):
            sentence = f"{key} is wrong: {error['ctx']['error']}"
        case "value_error":
            sentence = f"{key} is {_found(error)}; {error['ctx']['error']}"
        case kind:
            allowed = ALLOWED.get(kind, error["msg"]).format_map(error.get("ctx", {}))
            sentence = f"{key} is {_found(error)}; {allowed}"
    return f"{sentence} ({file})"


def _found(error: ErrorDetails) -> str:
    """The value, but nothing that may be, or may hold, a secret."""
    match error["input"]:
        case _ if error["loc"] and error["loc"][-1] in SECRET:
            return "[secret]"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case value:
            return str(value) if value != "" else "empty"


def _path(location: Sequence[str | int]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return path.removeprefix(".")


def _suggestion(location: Sequence[str | int], model: type[BaseModel]) -> str:
    *path, unknown = location
    for step in path:
        if isinstance(step, str):
            model = _section_under(model, step)
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = nearest(str(unknown), known)
    return f"; did you mean {near}?" if near else f"; the keys are {', '.join(known)}"


def _section_under(model: type[BaseModel], alias: str) -> type[BaseModel]:
    field = next(field for field in model.model_fields.values() if field.alias == alias)
    return next(_sections(field.annotation))


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)
