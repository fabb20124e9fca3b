"""Parameters: the values that a job file lets people set from outside."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shoal.errors import BadInput
from shoal.jobs.file.calendar_date import CalendarDate
from shoal.jobs.file.document import as_text, read_document, scalar
from shoal.jobs.file.draft import Draft
from shoal.jobs.file.file_name import FileName
from shoal.jobs.file.mistakes import Mistake, Mistakes
from shoal.jobs.file.spec import RESERVED_NAMES, Parameter, Spec
from shoal.jobs.file.templates import unsettled
from shoal.jobs.file.values import Name
from shoal.suggestion import nearest, suggestion

_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "str": str,
    "bool": bool,
    "list": list,
    "date": CalendarDate,
    "path": FileName,
}

_DECLARATION = TypeAdapter(dict[Name, Parameter])


def given_pairs(words: Sequence[str]) -> dict[str, Any]:
    """Read the words of a command line, `NAME=VALUE` or `@FILE` with names and values; the last of a name counts."""
    given: dict[str, Any] = {}
    for word in words:
        if word.startswith("@"):
            given |= given_file(Path(word[1:]))
        elif "=" in word:
            name, _, value = word.partition("=")
            given[name] = value
        else:
            raise BadInput(f"-p {word}: a parameter is given as NAME=VALUE, or as @FILE")
    return given


def given_file(path: Path) -> dict[str, Any]:
    """Read a YAML file of names and values."""
    values = read_document(path).value
    if not isinstance(values, dict):
        raise BadInput(f"{path} must hold names and values, as in `paths: 50000`")
    return {str(name): value for name, value in values.items()}


def parameter_values(draft: Draft, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter: as given, else its default. Mistakes go to the draft."""
    section = _section(draft)
    declared = _declared(section, draft)
    names = [name for name in section if isinstance(name, str)]  # YAML has other keys too, which are refused by now
    meant = _check_given(given, names, draft)
    # Every declared name has a value, so that only unknown ones are mistakes of the templates.
    values: dict[str, Any] = {name: unsettled(name) for name in names}
    for name, parameter in declared.items():
        if name in meant and name not in given and parameter.is_required:
            continue  # its value was given under a misspelt name, which is reported
        try:
            values[name] = _value(name, parameter, given, draft.document.path.parent)
        except BadInput as exc:
            draft.refuse(["parameters", name], str(exc))
    return values


def convert(text: str, kind: str) -> Any:
    """Return text from a command line or a table as a value of that type. Raises ValueError or KeyError."""
    match kind:
        case "int":
            return _in_json(int(text))
        case "float":
            return _in_json(float(text))
        case "bool":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        case "list":
            return _listed(text)
        case "date":
            return CalendarDate(text)
        case _:
            return text


def _in_json(number: int | float) -> int | float:
    """Return a number that JSON can hold: task ids and manifests are made of it. Raises ValueError for others."""
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError(f"{number} is not finite")
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        raise ValueError(f"{number} has more than 64 bits")
    return number


def _section(draft: Draft) -> dict[str, Any]:
    """Return the declarations. Where the key is misspelt, the names are known, so that their uses are no mistakes."""
    content = draft.document.value
    key = "parameters"
    if key not in content:
        key = next((other for other in content if nearest(str(other), Spec.model_fields) == key), key)
    section = content.get(key) or {}
    if isinstance(section, dict):
        return section
    draft.refuse([key], f"{key} must be a mapping of names to their types and defaults")
    raise Mistakes(draft.mistakes)  # every template that uses one would fail


def _declared(section: Mapping[str, Any], draft: Draft) -> dict[str, Parameter]:
    declared: dict[str, Parameter] = {}
    for name, declaration in section.items():
        try:
            # One at a time: a wrong declaration must not keep the others from being used.
            declared |= _DECLARATION.validate_python({name: declaration})
        except ValidationError as exc:
            draft.refuse_invalid(exc.errors(include_url=False), dict[Name, Parameter], ["parameters"])
    return declared


def _check_given(given: Mapping[str, Any], declared: Sequence[str], draft: Draft) -> set[str | None]:
    """Refuse names that are not declared. Return the declared names that they were probably meant to be."""
    unknown = [name for name in given if name not in declared]
    for name in unknown:
        sentence = f"-p {name}: {draft.document.path} has no such parameter; {suggestion(name, declared)}"
        draft.mistakes.append(Mistake(line=0, message=sentence))
    return {nearest(name, declared) for name in unknown}


def _value(name: str, parameter: Parameter, given: Mapping[str, Any], folder: Path) -> Any:
    """Raises BadInput with a sentence for its place."""
    if name in RESERVED_NAMES:
        raise BadInput(f"a parameter cannot be called '{name}'; templates have that name already")
    if name not in given and parameter.is_required:
        raise BadInput(f"parameter '{name}' has no default and was not given; pass -p {name}=…")
    value = given.get(name, parameter.default)
    # Only what is given is text to be read; a default has YAML's type, and YAML has no dates or paths.
    if isinstance(value, str) and (name in given or parameter.type in ("date", "path")):
        value = _read(name, value, parameter, folder)
    _check(name, value, parameter)
    return value


def _read(name: str, text: str, parameter: Parameter, folder: Path) -> Any:
    """Return text as a value of the parameter's type."""
    match parameter.type:
        case "path":
            return _existing(name, text, folder)
        case "choice":
            return next((choice for choice in parameter.choices if as_text(choice) == text), text)
    try:
        return convert(text, parameter.type)
    except (ValueError, KeyError) as exc:
        form = ", such as 2026-01-31" if parameter.type == "date" else ""
        raise BadInput(f"parameter '{name}' must be of type {parameter.type}{form}; found '{text}'") from exc


def _existing(name: str, text: str, folder: Path) -> FileName:
    """Return a path relative to the folder of the job file."""
    path = folder / text
    try:
        state = path.stat()
    except (OSError, ValueError) as exc:
        raise BadInput(f"parameter '{name}' is '{text}', which cannot be read: {exc}") from exc
    return FileName(text, state.st_size if path.is_file() else 0)


def _check(name: str, value: Any, parameter: Parameter) -> None:
    is_bool = isinstance(value, bool)  # which is an int to isinstance
    if parameter.type != "choice" and (
        not isinstance(value, _TYPES[parameter.type]) or is_bool != (parameter.type == "bool")
    ):
        raise BadInput(f"parameter '{name}' must be of type {parameter.type}; found {value!r}")
    if parameter.choices and value not in parameter.choices:
        choices = ", ".join(map(str, parameter.choices))
        raise BadInput(f"parameter '{name}' is {value!r}; it must be one of {choices}")
    if isinstance(value, int | float | CalendarDate):
        _check_bounds(name, value, parameter)


def _check_bounds(name: str, value: int | float | CalendarDate, parameter: Parameter) -> None:
    if parameter.min is not None and value < parameter.min:
        raise BadInput(f"parameter '{name}' is {value!r}; it must be at least {_shown(parameter.min)}")
    if parameter.max is not None and value > parameter.max:
        raise BadInput(f"parameter '{name}' is {value!r}; it must be at most {_shown(parameter.max)}")


def _shown(bound: float | CalendarDate) -> str:
    return bound if isinstance(bound, CalendarDate) else f"{bound:g}"


def _listed(text: str) -> list[Any]:
    """Read `[a, b]` as in YAML, or `a,b`."""
    if text.startswith("["):
        parsed = scalar(text)
        if not isinstance(parsed, list):
            raise ValueError(text)
        return parsed
    return [scalar(item.strip()) for item in text.split(",")]
