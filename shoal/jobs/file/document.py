"""A YAML file that knows the line of every value, so that an error can say where it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shoal.errors import BadInput
from shoal.jobs.file.mistakes import Mistake, Mistakes

MAX_BYTES = 10_000_000
MAX_DEPTH = 60
MAX_VALUES = 1_000_000
"""Values of a file, with those that its aliases repeat."""
ODD_KEYS = {
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:bool": "a truth value",
    "tag:yaml.org,2002:binary": "binary",
}
"""Tags of keys that no section has."""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16, which an escape can name."""

Location = Sequence[str | int]
"""Keys and indices from the top of the file to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    path: Path
    value: Any
    root: yaml.Node
    mistakes: tuple[Mistake, ...] = ()
    """Keys that stand twice."""
    included: tuple[Path, ...] = ()
    """Files whose content is in it, too."""

    def line(self, location: Location) -> int:
        """Return the line of a key or an item, or of the nearest thing around it that exists; from 1."""
        return _find(self.root, location).line + 1

    def text_line(self, location: Location) -> int:
        """Return the line on which the text of a string begins: below the `|` of a block."""
        node = _find(self.root, location).node
        in_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        return node.start_mark.line + 1 + in_block

    def file(self, location: Location) -> Path:
        """Return the file that holds a key or an item: this one, or one that it includes."""
        return Path(_find(self.root, location).file or self.path)

    def at(self, location: Location) -> str:
        return f"{self.file(location)} line {self.line(location)}"

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
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path} is not a file")  # reading a pipe would wait for ever
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is larger than {MAX_BYTES} bytes; put long lists into a table")
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
    try:
        loader = _Loader(text)
        loader.name = str(path)  # which the marks of all nodes then have
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise BadInput(f"{path} line {line}: the character {exc.character!r} is not allowed in YAML") from exc
    try:
        root = loader.get_single_node()
        if root is None:
            raise BadInput(f"{path} is empty")
        _weigh(root, {}, 0)
        # Before the values are made: a mapping as a key would end that with "unhashable key".
        _refuse_unquoted_templates(root, path)
        _refuse_odd_text(root, path)
        doubled = tuple(mistake for node in _mappings(root) for mistake in _doubled_keys(node, path))
        return Document(path=path, value=loader.construct_document(root), root=root, mistakes=doubled)
    except yaml.MarkedYAMLError as exc:
        raise BadInput(_yaml_message(path, exc)) from exc
    except yaml.YAMLError as exc:
        raise BadInput(f"{path}: {exc}") from exc
    finally:
        loader.dispose()


def _too_deep(mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=f"more than {MAX_DEPTH} levels", problem_mark=mark)


def _weigh(node: yaml.Node, weights: dict[int, int], depth: int) -> int:
    """Return the number of values below a node. Raises MarkedYAMLError for aliases that multiply it or form a cycle."""
    if depth > MAX_DEPTH:
        raise _too_deep(node.start_mark)
    if id(node) not in weights:
        children = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            children = [part for pair in node.value for part in pair]
        weights[id(node)] = 1 + sum(_weigh(child, weights, depth + 1) for child in children)
    if weights[id(node)] > MAX_VALUES:
        raise yaml.MarkedYAMLError(problem=f"more than {MAX_VALUES} values", problem_mark=node.start_mark)
    return weights[id(node)]


def constructed(root: yaml.Node) -> Any:
    """Return the value of a node, such as one that was put together of several files."""
    return _Loader("").construct_document(root)


def scalar(text: str) -> Any:
    """Return the value of an unquoted word in a job file: a number, true, false, null, or the word itself."""
    return yaml.load(text, _Loader)


def as_text(value: Any) -> str:
    """Return a value as YAML writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Loader(yaml.SafeLoader):
    """A loader with the plain words of YAML 1.2: `NO`, `on`, `12:30` and `2024-01-01` are text, as labels should be."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and type are PyYAML's
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep(self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
            # A tag such as !!int on text that is none.
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            raise yaml.constructor.ConstructorError(
                None, None, f"the value does not fit its tag !!{kind}", node.start_mark
            ) from exc


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


@dataclass(frozen=True, slots=True)
class _Spot:
    line: int
    """The line of the key or the item, from 0."""
    file: str
    node: yaml.Node
    steps: Location


def _find(root: yaml.Node, location: Location) -> _Spot:
    """Find the value at a location; steps that the file does not have are passed over."""
    spot = _Spot(root.start_mark.line, root.start_mark.name, root, ())
    for step in location:
        for key, value in _children(spot.node, step)[-1:]:  # of a key that stands twice, the last one counts
            spot = _Spot(key.start_mark.line, key.start_mark.name, value, (*spot.steps, step))
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


def _refuse_odd_text(root: yaml.Node, path: Path) -> None:
    """Raise Mistakes for keys that YAML does not take for text, and for text that no file or request can hold."""
    odd = [
        (key, f"the key '{key.value}' is {ODD_KEYS[key.tag]} to YAML; put quotes around it") for key in _odd_keys(root)
    ]
    odd += [
        (node, "\\ud800 to \\udfff stand for no character; write the character itself")
        for node in _scalars(root)
        if _SURROGATE.search(node.value)
    ]
    if odd:
        lines = [(node.start_mark.line + 1, sentence) for node, sentence in odd]
        raise Mistakes(Mistake(line=line, message=f"{path} line {line}: {sentence}") for line, sentence in lines)


def _odd_keys(root: yaml.Node) -> Iterator[yaml.Node]:
    return (key for node in _mappings(root) for key, _ in node.value if key.tag in ODD_KEYS)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (*_scalars(key), *_scalars(value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)


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
