"""What a job file lets people set from outside, and the values that they gave."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.file.document import Document, read_document, scalar
from shoal.jobs.file.spec import RESERVED_NAMES, Parameter
from shoal.suggestion import suggestion

_TYPES: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str, "bool": bool, "list": list}


def given_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` words of a command line; the last of a name counts."""
    for pair in pairs:
        if "=" not in pair:
            raise BadInput(f"-p {pair}: a parameter is given as NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def given_file(path: Path) -> dict[str, Any]:
    """A YAML file of names and values."""
    values = read_document(path).value
    if not isinstance(values, dict):
        raise BadInput(f"{path} must hold names and values, as in `paths: 50000`")
    return {str(name): value for name, value in values.items()}


def resolve(declared: Mapping[str, Parameter], given: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """The value of every parameter: as given, else its default. Raises BadInput by name."""
    for name in given:
        if name not in declared:
            raise BadInput(f"-p {name}: {document.path} has no such parameter; {suggestion(name, declared)}")
    return {name: _value(name, parameter, given, document) for name, parameter in declared.items()}


def convert(text: str, kind: str) -> Any:
    """Text from a command line or a table as a value of that type. Raises ValueError."""
    match kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        case "list":
            return _listed(text)
        case _:
            return text


def _value(name: str, parameter: Parameter, given: Mapping[str, Any], document: Document) -> Any:
    where = document.at(["parameters", name])
    if name in RESERVED_NAMES:
        raise BadInput(f"{where}: a parameter cannot be called '{name}'; templates have that name already")
    if name not in given and parameter.is_required:
        raise BadInput(f"{where}: parameter '{name}' has no default and was not given; pass -p {name}=…")
    value = given.get(name, parameter.default)
    if isinstance(value, str) and name in given and parameter.type != "str":
        try:
            value = convert(value, parameter.type)
        except (ValueError, KeyError) as exc:
            raise BadInput(f"{where}: parameter '{name}' must be of type {parameter.type}; found '{value}'") from exc
    _check(name, value, parameter, where)
    return value


def _check(name: str, value: Any, parameter: Parameter, where: str) -> None:
    is_bool = isinstance(value, bool)
    if not isinstance(value, _TYPES[parameter.type]) or is_bool != (parameter.type == "bool"):
        raise BadInput(f"{where}: parameter '{name}' must be of type {parameter.type}; found {value!r}")
    if parameter.choices and value not in parameter.choices:
        choices = ", ".join(map(str, parameter.choices))
        raise BadInput(f"{where}: parameter '{name}' is {value!r}; it must be one of {choices}")
    if not isinstance(value, int | float):
        return
    if parameter.min is not None and value < parameter.min:
        raise BadInput(f"{where}: parameter '{name}' is {value!r}; it must be at least {parameter.min:g}")
    if parameter.max is not None and value > parameter.max:
        raise BadInput(f"{where}: parameter '{name}' is {value!r}; it must be at most {parameter.max:g}")


def _listed(text: str) -> list[Any]:
    """`[a, b]` as in YAML, or `a,b`."""
    if text.startswith("["):
        parsed = scalar(text)
        if not isinstance(parsed, list):
            raise ValueError(text)
        return parsed
    return [scalar(item.strip()) for item in text.split(",")]
