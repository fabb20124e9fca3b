"""Formulas inside a YAML or JSON document: a stack's configuration, a job file, the body of a pool.

The value of a key such as `formula`, `autoScaleFormula` or `auto_scale_formula` is taken for a formula: either one text
or a list of statements.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import MINUTE, from_timedelta

_FORMULA = {"formula", "autoscaleformula", "scaleformula"}
_INTERVAL = {"evaluationinterval", "autoscaleevaluationinterval", "evaluationintervalinminutes"}
_SLOTS = {"taskslotspernode", "maxtaskspernode"}
_FIXED = {
    "fixedscale",
    "targetdedicatednodes",
    "targetlowprioritynodes",
    "dedicatednodecount",
    "lowprioritynodecount",
    "dedicatednodes",
    "spotnodes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A formula and its place in a document."""

    path: str
    """Path of keys, such as `config.shoal:pools[0].formula`; empty where the whole text is a formula."""
    text: str
    origins: tuple[Span, ...]
    """Places in the document at which the lines of the formula begin."""
    exact: bool
    """True where columns can be counted from the origins; False for folded or escaped text."""
    interval: int | None = None
    """Time between two evaluations, in ticks, where the document gives it beside the formula."""
    fixed_too: bool = False
    """True where fixed node counts stand beside the formula."""
    slots_per_node: int | None = None
    """Task slots of a node, where the document gives them beside the formula or further up."""

    def place(self, span: Span) -> Span:
        """Return the place in the document of a place in the formula."""
        origin = self.origins[min(max(1, span.line), len(self.origins)) - 1]
        if not self.exact:
            return origin
        return Span(origin.line, origin.column + max(1, span.column) - 1, span.length)


def whole(text: str) -> Embedded:
    """Wrap a text that is a formula as a whole."""
    return Embedded(path="", text=text, origins=_lines(text, Span(1, 1), 1), exact=True)


def formulas_in(document: str) -> list[Embedded]:
    """Return all formulas of the document, in order. Raises InputFault where it is not YAML."""
    try:
        root = yaml.compose(document, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InputFault(f"it is not YAML: {place}{exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise InputFault(f"it is not YAML: {exc}") from exc
    return list(_search(root, "", (), document.split("\n")))


def _search(
    node: yaml.Node | None, path: str, above: tuple[yaml.MappingNode, ...], lines: list[str]
) -> Iterator[Embedded]:
    """`above` are the mappings that hold the node, the nearest first, up to the item of a list."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _search(item, f"{path}[{index}]", (), lines)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        inner = f"{path}.{key.value}".lstrip(".")
        if _core(key) in _FORMULA and (pieces := _pieces(value)):
            yield _embedded(inner, pieces, (node, *above), lines)
        else:
            yield from _search(value, inner, (node, *above), lines)


def _core(key: yaml.Node) -> str:
    """Reduce a key to its lower-case letters, without a namespace: `shoal:auto_scale_formula` → `autoscaleformula`."""
    return re.sub(r"[^a-z]", "", str(key.value).lower().rpartition(":")[2])


def _pieces(value: yaml.Node) -> list[yaml.ScalarNode]:
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return [item for item in items if isinstance(item, yaml.ScalarNode)] if items else []


def _embedded(
    path: str, pieces: list[yaml.ScalarNode], around: tuple[yaml.MappingNode, ...], lines: list[str]
) -> Embedded:
    located = [_located(piece, lines) for piece in pieces]
    # Fixed node counts may stand one level up, beside the mapping that holds formula and interval.
    keys = {_core(key) for mapping in around[:2] for key, _ in mapping.value}
    return Embedded(
        path=path,
        # Each piece begins a line of its own, so that lines and `origins` stay in step.
        text=";\n".join(piece.value for piece in pieces),
        origins=tuple(origin for origins, _ in located for origin in origins),
        exact=all(exact for _, exact in located),
        interval=_interval(around[0]),
        fixed_too=bool(keys & _FIXED),
        slots_per_node=_slots(around),
    )


def _located(piece: yaml.ScalarNode, lines: list[str]) -> tuple[tuple[Span, ...], bool]:
    """Return where each line of the text begins, and whether the document holds the text verbatim."""
    start = Span(piece.start_mark.line + 1, piece.start_mark.column + 1)
    if piece.style == "|":
        first = next((line for line in lines[start.line :] if line.strip()), "")
        indent = len(first) - len(first.lstrip(" "))
        return _lines(piece.value, Span(start.line + 1, indent + 1), indent + 1), True
    # The mark of a quoted text is its opening quote: the text begins one column later.
    quoted = Span(start.line, start.column + (piece.style in {'"', "'"}))
    verbatim = lines[quoted.line - 1][quoted.column - 1 :].startswith(piece.value) and "\n" not in piece.value
    return (quoted,) * (piece.value.count("\n") + 1), verbatim


def _lines(text: str, first: Span, column: int) -> tuple[Span, ...]:
    return tuple(Span(first.line + index, column) for index in range(text.count("\n") + 1))


def _interval(mapping: yaml.MappingNode) -> int | None:
    for key, value in mapping.value:
        if _core(key) in _INTERVAL and isinstance(value, yaml.ScalarNode):
            read = _minutes if _core(key).endswith("inminutes") else _duration
            try:
                return read(value.value)
            except InputFault as exc:
                raise InputFault(f"line {value.start_mark.line + 1}: {key.value}: {exc}") from exc
    return None


def _slots(around: tuple[yaml.MappingNode, ...]) -> int | None:
    for mapping in around:
        for key, value in mapping.value:
            if _core(key) in _SLOTS and isinstance(value, yaml.ScalarNode) and value.value.isdecimal():
                return int(value.value)
    return None


def _duration(text: str) -> int:
    return from_timedelta(parse_duration(text))


def _minutes(text: str) -> int:
    try:
        return round(float(text) * MINUTE)
    except (ValueError, OverflowError) as exc:  # the second for infinity
        raise InputFault(f"{text!r} is not a number of minutes") from exc
