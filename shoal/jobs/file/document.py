"""A YAML file that knows the line of every value, so that an error can say where it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shoal.errors import BadInput
from shoal.jobs.file.mistakes import Mistake, Mistakes

Location = Sequence[str | int]
"""Keys and indices from the top of the file to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    path: Path
    value: Any
    root: yaml.Node
    mistakes: tuple[Mistake, ...] = ()
    """Keys that stand twice."""

    def line(self, location: Location) -> int:
        """Return the line of a key or an item, or of the nearest thing around it that exists; from 1."""
        return _find(self.root, location).line + 1

    def text_line(self, location: Location) -> int:
        """Return the line on which the text of a string begins: below the `|` of a block."""
        node = _find(self.root, location).node
        in_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        return node.start_mark.line + 1 + in_block

    def at(self, location: Location) -> str:
        return f"{self.path} line {self.line(location)}"

    def mistake(self, location: Location, sentence: str) -> Mistakes:
        return Mistakes([Mistake(line=self.line(location), message=f"{self.at(location)}: {sentence}")])

    def steps(self, location: Location) -> Location:
        """Return the steps of a location that the file has; pydantic adds the names of a union's members."""
        return _find(self.root, location).steps


def read_document(path: Path) -> Document:
    """Raises BadInput for a file that is missing or is not YAML, with the line."""
    return _sound(draft_document(path))


def draft_document(path: Path) -> Document:
    """Read a document and leave its `mistakes` to the caller. Raises BadInput where nothing can be read."""
    try:
        return _parsed(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError as exc:
        raise BadInput(f"{path} does not exist") from exc
    except (OSError, ValueError) as exc:  # a name with a null byte, or a text that is not UTF-8
        raise BadInput(f"{path} cannot be read: {exc}") from exc


def parse_document(text: str, path: Path) -> Document:
    return _sound(_parsed(text, path))


def _sound(document: Document) -> Document:
    if document.mistakes:
        raise Mistakes(document.mistakes)
    return document


def _parsed(text: str, path: Path) -> Document:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise BadInput(f"{path} is empty")
        # Before the values are made: a mapping as a key would end that with "unhashable key".
        _refuse_unquoted_templates(root, path)
        doubled = tuple(mistake for node in _mappings(root) for mistake in _doubled_keys(node, path))
        return Document(path=path, value=loader.construct_document(root), root=root, mistakes=doubled)
    except yaml.MarkedYAMLError as exc:
        raise BadInput(_yaml_message(path, exc)) from exc
    except yaml.YAMLError as exc:
        raise BadInput(f"{path}: {exc}") from exc
    finally:
        loader.dispose()


def scalar(text: str) -> Any:
    """Return the value of an unquoted word in a job file: a number, true, false, null, or the word itself."""
    return yaml.load(text, _Loader)


def as_text(value: Any) -> str:
    """Return a value as YAML writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Loader(yaml.SafeLoader):
    """A loader with the plain words of YAML 1.2: `NO`, `on`, `12:30` and `2024-01-01` are text, as labels should be."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and type are PyYAML's


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", "-+.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


@dataclass(frozen=True, slots=True)
class _Spot:
    line: int
    """The line of the key or the item, from 0."""
    node: yaml.Node
    steps: Location


def _find(root: yaml.Node, location: Location) -> _Spot:
    """Find the value at a location; steps that the file does not have are passed over."""
    spot = _Spot(root.start_mark.line, root, ())
    for step in location:
        for key, value in _children(spot.node, step)[-1:]:  # of a key that stands twice, the last one counts
            spot = _Spot(key.start_mark.line, value, (*spot.steps, step))
    return spot


def _children(node: yaml.Node, step: str | int) -> list[tuple[yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return [(key, value) for key, value in node.value if key.value == str(step)]
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return [(item, item) for item in node.value[step : step + 1]]
    return []


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _refuse_unquoted_templates(root: yaml.Node, path: Path) -> None:
    """`{{ x }}` without quotes is a mapping whose key is a mapping, to YAML."""
    lines = [
        key.start_mark.line + 1
        for node in _mappings(root)
        for key, _ in node.value
        if not isinstance(key, yaml.ScalarNode)
    ]
    if lines:
        mend = "a string that begins with {{ needs quotes around it"
        raise Mistakes(Mistake(line=line, message=f"{path} line {line}: {mend}") for line in lines)


def _doubled_keys(node: yaml.MappingNode, path: Path) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.value in first:
            sentence = f"'{key.value}' stands here twice, first on line {first[key.value]}"
            yield Mistake(line=line, message=f"{path} line {line}: {sentence}")
        first.setdefault(key.value, line)


def _yaml_message(path: Path, exc: yaml.MarkedYAMLError) -> str:
    mark = exc.problem_mark or exc.context_mark
    where = f"{path} line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    context = f" ({exc.context})" if exc.context else ""
    return f"{where}: this is not valid YAML: {exc.problem}{context}"
