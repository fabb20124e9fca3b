"""Mistakes in arguments as sentences, which programs and stack files share: where, what was found, what is allowed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, is_typeddict

from pulumi import Output
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shoal.autoscale.review import shown
from shoal.suggestion import nearest
from shoal.validation_messages import ALLOWED, shown_value
from shoal.validation_messages import spelling as path_of

from .argument_check import fields_of, is_input, plain
from .argument_fault import ArgumentFault, Spelling


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
        path = path_of(error["loc"])
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
            case kind:
                rule = ALLOWED[kind].format_map(error.get("ctx", {})) if kind in ALLOWED else error["msg"]
                yield f"{self.before}{path or 'args'} is {_value(error)}; {rule}{self.after}"


def _value(error: ErrorDetails) -> str:
    match error["input"]:
        case Output():
            return "an output, known too late"
        case None:
            return "None"
        case _:
            return shown_value(error)


def _suggestion(location: Sequence[str | int], shape: type, noun: str, spelling: Spelling) -> str:
    *path, unknown = location
    for step in path:
        if isinstance(step, str):
            # Unknown names stand only in mappings of arguments, so every name on the way leads to one.
            shape = next(kind for name, kind in _shapes(shape, spelling) if name == step)
    known = [spelling(name) for name in fields_of(shape)]
    near = nearest(str(unknown), known)
    return f"; did you mean {near}?" if near else f"; the {noun}s are {', '.join(known)}"


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
