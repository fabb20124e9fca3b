"""Quoting for `/bin/sh`: values in a command line stay values wherever they land.

The literal text of a command is followed as a shell would, so that each value is quoted for its spot: bare, between
single quotes, or between double quotes. A context is written as the stack of what is open: `'`, `"`, `(`, `{`,
`` ` ``, `#`, and `=` for `$((` with `[` for parentheses in it.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import nodes

from shoal.jobs.file.document import as_text
from shoal.jobs.file.second_shells import evaluated, restrict_evaluated_values

MAX_ARGUMENT = 131_071
"""Bytes of one argument of a process, such as a command of a shell. Source: Linux, execve(2): 32 pages with its end."""
_NEAR = 200
"""Characters before a word that tell whether a command begins there."""
_HEREDOC = re.compile(r"<<(?!<)-?[^<]")
_CASE = re.compile(r"case\s")
_COMMAND_BEGINS = re.compile(r"(?:^|[(;|&\n{!]|\b(?:then|do|else|elif|if|while|until|time)\s)\s*$")
_TEXT = ("'", '"', "{", "#")


class UnclearQuoting(Exception):
    """The right quoting of a value is unclear. `line` counts from 1 within the command."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    context: str = ""
    before: str = "\n"
    """The character before. Empty where it depends on values: a list may be empty, a condition false."""


def quote_values(tree: nodes.Template) -> None:
    """Wrap every value of a command's template in the filter that quotes it for its spot."""
    restrict_evaluated_values(tree)
    context = _walk(tree.body, Spot()).context
    if context.rstrip("#"):  # a comment may end with the command
        raise UnclearQuoting(1, f"the command opens {context[-1]} and does not close it")


def spot_after(text: str, spot: Spot, line: int = 1) -> Spot:
    """Return the spot at the end of literal shell text that begins at `spot`."""
    position = 0
    while position < len(text):
        context, step = _advance(text, position, spot, line)
        spot = Spot(context=context, before=_before(spot, context, text[position : position + step]))
        position += step
    return spot


def _advance(text: str, position: int, spot: Spot, line: int) -> tuple[str, int]:
    """Return the context after the character at `position`, and how many characters that took."""
    context = spot.context
    char, top = text[position], context[-1:]
    match top, char:
        # The order of the cases is the shell's: within '…' and comments nothing else counts, not even a backslash; an
        # escape comes before quotes; $( opens within "…" too, where all that follows below is only text.
        case "'", _:
            return (context[:-1], 1) if char == "'" else (context, 1)
        case "#", _:
            return (context[:-1], 1) if char == "\n" else (context, 1)
        case _, "\\":
            if position + 1 == len(text):
                raise UnclearQuoting(line, "a backslash stands before a value; values are quoted for you")
            return context, 2
        case _, ('"' | "`") if char == top:
            return context[:-1], 1
        case _, ('"' | "`"):
            return context + char, 1
        case _, "$" if text.startswith("$((", position):
            return context + "=", 3
        case "=" | "[", "(":
            return context + "[", 1
        case "[", ")":
            return context[:-1], 1
        case "=", ")" if text.startswith("))", position):
            return context[:-1], 2
        case _, "$" if text.startswith("$(", position):
            return context + "(", 2
        case _, "$" if text.startswith("$$", position):
            return context, 2
        case '"', _:
            return context, 1
        case "" | "(" | "=" | "[", "$" if text.startswith("$'", position):
            raise UnclearQuoting(line, "$'…' is read differently by sh and bash; write printf, or plain quotes")
        case _, "$" if text.startswith("${", position):
            return context + "{", 2
        case "{", "}":
            return context[:-1], 1
        case "{", "(" | "#":
            return context, 1
        case _, "'" | "(":
            return context + char, 1
        case "(", ")":
            return context[:-1], 1
        case _, "#" if _begins_comment(spot.before, line):
            return context + "#", 1
        case _, "c" if _begins_case(text, position, context):
            raise UnclearQuoting(line, "a case stands in $( … ) between quotes; assign its result to a variable first")
        case "=" | "[", _:
            return context, 1
        case _, "<" if text.startswith("<<<", position):
            return context, 3
        case _, "<" if _HEREDOC.match(text, position):
            raise UnclearQuoting(line, "a command cannot hold a here-document; put the text into a file")
        case _:
            return context, 1


def _begins_comment(before: str, line: int) -> bool:
    """Return True where a # begins a comment: at the start of a word."""
    # A ) ends a command, after which a comment may begin, but the ) of $( … ) stands within a word.
    if before in ("", ")"):
        follows = before or "a value or a block"
        raise UnclearQuoting(line, f"a # after {follows} may begin a comment; put a space before it, or quote it")
    return before in " \t\n;&|<>("


def _begins_case(text: str, position: int, context: str) -> bool:
    """Return True for a case whose `)` after a pattern would be taken for the end of $( … ), with quotes around it."""
    in_quotes = context[-1:] == "(" and any(char in context for char in '"{')
    return in_quotes and bool(
        _CASE.match(text, position) and _COMMAND_BEGINS.search(text[max(0, position - _NEAR) : position])
    )


def _before(earlier: Spot, context: str, piece: str) -> str:
    """Return the character that the shell sees before what follows `piece`."""
    if piece == "\\\n":  # the shell joins the lines
        return earlier.before
    if len(context) > len(earlier.context):
        return "("
    return piece[0] if len(piece) == 1 else "\\"


def _walk(body: Sequence[nodes.Node], spot: Spot) -> Spot:
    for node in body:
        match node:
            case nodes.Output():
                spot = _quote_output(node, spot)
            case nodes.If():
                arms = [node.body, *(arm.body for arm in node.elif_), node.else_]
                spot = _same_after_all(arms, spot, node.lineno)
            case nodes.For():
                # A loop's body may run often or never: it must end where it began.
                spot = _same_after_all([node.body, node.else_, []], spot, node.lineno)
                _refuse_comment_at_start(node, spot)
            case nodes.Assign():
                pass
            case _:
                raise UnclearQuoting(node.lineno, f"{type(node).__name__.lower()} is not available in a command")
    return spot


def _same_after_all(arms: Sequence[Sequence[nodes.Node]], spot: Spot, line: int) -> Spot:
    ends = {_walk(arm, spot) for arm in arms}
    if len({end.context for end in ends}) > 1:
        raise UnclearQuoting(line, "quotes that open inside {% if %} or {% for %} must close inside it")
    return ends.pop() if len(ends) == 1 else replace(ends.pop(), before="")


def _refuse_comment_at_start(loop: nodes.For, end: Spot) -> None:
    """Refuse a # that follows other text in the loop's first turn than in its others."""
    starts = (text for text in loop.find_all(nodes.TemplateData) if text.data.startswith("#"))
    if end.context[-1:] not in _TEXT and end.before == "" and any(starts):
        _begins_comment(end.before, loop.lineno)


def _quote_output(output: nodes.Output, spot: Spot) -> Spot:
    follows_value = False
    for index, node in enumerate(output.nodes):
        if isinstance(node, nodes.TemplateData):
            if follows_value and node.data.startswith("#") and spot.context[-1:] not in _TEXT:
                node.data = "\\" + node.data  # part of the value's word, even where the value is an empty list
            spot = spot_after(node.data, spot, node.lineno)
        else:
            output.nodes[index] = _quoted(node, spot)
            spot = replace(spot, before="")
        follows_value = not isinstance(node, nodes.TemplateData)
    return spot


def _quoted(value: nodes.Expr, spot: Spot) -> nodes.Expr:
    if isinstance(value, nodes.Filter) and value.name == "shell":  # `| shell` is the way to opt out
        return value
    return nodes.Filter(value, _filter_for(spot, value.lineno), [], [], None, None, lineno=value.lineno)


def _filter_for(spot: Spot, line: int) -> str:
    if "`" in spot.context:
        raise UnclearQuoting(line, "a value stands between backticks; write $( … ) instead")
    match spot.context[-1:]:
        case "#":
            raise UnclearQuoting(line, "a value stands in a comment of the command, where it cannot be quoted")
        case "'":
            return "shell_in_single"
        case _ if spot.before == "$":
            raise UnclearQuoting(line, "a $ stands right before a value, which would name a variable; write \\$")
        case '"':
            return "shell_in_double"
        case _:
            return "shell_bare"


def _bare(value: Any) -> str:
    """Quote a value as one word, a list as several."""
    if isinstance(value, list | tuple):
        return " ".join(map(_bare, value))
    return shlex.quote(as_text(value))


def _in_single(value: Any) -> str:
    # Nothing can be escaped between single quotes: close them, write an escaped quote, and open them again.
    return as_text(value).replace("'", "'\\''")


def _in_double(value: Any) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", as_text(value))  # all that a shell reads between double quotes


FILTERS: dict[str, Callable[..., Any]] = {
    "shell": as_text,
    "shell_evaluated": evaluated,
    "shell_bare": _bare,
    "shell_in_single": _in_single,
    "shell_in_double": _in_double,
}
