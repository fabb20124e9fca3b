"""Mistakes in arguments as sentences, which programs and stack files share: where, what was found, what is allowed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin, is_typeddict

from pulumi import Output
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shoal.autoscale.review import shown

from .argument_check import fields_of, is_input, plain
from .argument_fault import ArgumentFault, Spelling

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
    "bool_type": "it must be true or false",
    "string_type": "it must be text",
    "string_too_short": "it must say something",
    "enum": "it must be {expected}",
    "literal_error": "it must be {expected}",
    "list_type": "it must be a list",
    "dict_type": "it must be a mapping of keys to values",
}

SECRET = frozenset({"password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The place where a person wrote the arguments, as its sentences name it."""

    before: str
    """Begins each sentence: `shoal:`, or `SpotPool spot: `."""
    after: str = ""
    """Ends each sentence: the file in brackets, where there is one."""
    file: str = ""
    """Begins the lines about a formula, which name its own lines."""
    noun: str
    """An entry that may be given: `key`, or `argument`."""
    spelling: Spelling

    def sentences(self, error: ValidationError, shape: type) -> Iterator[str]:
        for mistake in error.errors():
            yield from self._sentences(mistake, shape)

    def fault(self, fault: ArgumentFault, path: str = "") -> str:
        """Return the sentence for a broken rule of the mapping at `path`."""
        if fault.at:
            return f"{self.before}{path}{'.' if path else ''}{fault.at} {fault.text}{self.after}"
        if path:
            return f"{self.before}{path} is wrong: it {fault.text}{self.after}"
        return f"{self.before.removesuffix(': ')} {fault.text}{self.after}"

    def _sentences(self, error: ErrorDetails, shape: type) -> Iterator[str]:
        path = _path(error["loc"])
        match error["type"]:
            case "formula":
                where = f"{self.file}{self.before}{path}"
                yield from (shown(finding, error["input"], where) for finding in error["ctx"]["findings"])
            case "faults":
                yield from (self.fault(fault, path) for fault in error["ctx"]["faults"])
            case "missing":
                yield f"{self.before}{path} is missing{self.after}"
            case "extra_forbidden":
                hint = _suggestion(error["loc"], shape, self.noun, self.spelling)
                yield f"{self.before}{path} is not a known {self.noun}{hint}{self.after}"
            case "value_error" if isinstance(error["input"], dict):
                yield f"{self.before}{path} is wrong: {error['ctx']['error']}{self.after}"
            case kind:
                rule = ALLOWED.get(kind, error["msg"]) if kind != "value_error" else str(error["ctx"]["error"])
                rule = rule.format_map(error.get("ctx", {})) if kind in ALLOWED else rule
                yield f"{self.before}{path or 'args'} is {_value(error)}; {rule}{self.after}"


def _value(error: ErrorDetails) -> str:
    """Return the value as text, but nothing that may be, or may hold, a secret."""
    match error["input"]:
        case _ if error["loc"] and error["loc"][-1] in SECRET:
            return "[secret]"
        case Output():
            return "an output, known too late"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case value:
            return str(value) if value != "" else "empty"


def _path(location: Sequence[str | int]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return path.removeprefix(".")


def _suggestion(location: Sequence[str | int], shape: type, noun: str, spelling: Spelling) -> str:
    *path, unknown = location
    for step in path:
        if isinstance(step, str):
            shape = next(kind for name, kind in _shapes(shape, spelling) if name == step)
    known = [spelling(name) for name in fields_of(shape)]
    near = get_close_matches(str(unknown), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; the {noun}s are {', '.join(known)}"


def _shapes(shape: type, spelling: Spelling) -> Iterator[tuple[str, type]]:
    """Yield the arguments that are mappings or lists of mappings, with the types of these."""
    for name, (kind, _) in fields_of(shape).items():
        if (inner := _shape_in(kind)) is not None:
            yield spelling(name), inner


def _shape_in(kind: Any) -> type | None:
    if is_typeddict(kind):
        return kind  # type: ignore[no-any-return]
    if is_input(kind):
        return _shape_in(plain(kind))
    if get_origin(kind) in (Annotated, list):
        return _shape_in(get_args(kind)[0])
    return None
