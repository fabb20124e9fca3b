"""Quoting for `/bin/sh`: values in a command line stay values wherever they land.

The literal text of a command is followed as a shell would, so that each value is quoted for its spot: bare, between
single quotes, or between double quotes. A context is written as the stack of what is open: `'`, `"`, `(`, `` ` ``, `#`.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import nodes

from shoal.jobs.file.document import as_text

_HEREDOC = re.compile(r"<<-?\s*[\"'\\]?[A-Za-z_]")


class UnclearQuoting(Exception):
    """The right quoting of a value is unclear. `line` counts from 1 within the command."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def quote_values(tree: nodes.Template) -> None:
    """Wrap every value of a command's template in the filter that quotes it for its spot."""
    context = _walk(tree.body, "")
    if context.rstrip("#"):  # a comment may end with the command
        raise UnclearQuoting(1, f"the command opens {context[-1]} and does not close it")


def context_after(text: str, context: str, line: int = 1) -> str:
    """Return the context at the end of literal shell text that begins in `context`."""
    position = 0
    while position < len(text):
        context, step = _advance(text, position, context, line)
        position += step
    return context


def _advance(text: str, position: int, context: str, line: int) -> tuple[str, int]:
    """Return the context after the character at `position`, and how many characters that took."""
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
        case _, "$" if text.startswith("$(", position):
            return context + "(", 2
        case '"', _:
            return context, 1
        case _, "'" | "(":
            return context + char, 1
        case "(", ")":
            return context[:-1], 1
        case _, "#" if position == 0 or text[position - 1] in " \t\n;&|(":
            return context + "#", 1
        case _, "<" if _HEREDOC.match(text, position):
            raise UnclearQuoting(line, "a command cannot hold a here-document; put the text into a file")
        case _:
            return context, 1


def _walk(body: Sequence[nodes.Node], context: str) -> str:
    for node in body:
        match node:
            case nodes.Output():
                context = _quote_output(node, context)
            case nodes.If():
                arms = [node.body, *(arm.body for arm in node.elif_), node.else_]
                context = _same_after_all(arms, context, node.lineno)
            case nodes.For():
                # A loop's body may run often or never: it must end where it began.
                context = _same_after_all([node.body, node.else_, []], context, node.lineno)
            case nodes.Assign():
                pass
            case _:
                raise UnclearQuoting(node.lineno, f"{type(node).__name__.lower()} is not available in a command")
    return context


def _same_after_all(arms: Sequence[Sequence[nodes.Node]], context: str, line: int) -> str:
    ends = {_walk(arm, context) for arm in arms}
    if len(ends) > 1:
        raise UnclearQuoting(line, "quotes that open inside {% if %} or {% for %} must close inside it")
    return ends.pop()


def _quote_output(output: nodes.Output, context: str) -> str:
    for index, node in enumerate(output.nodes):
        if isinstance(node, nodes.TemplateData):
            context = context_after(node.data, context, node.lineno)
        elif not (isinstance(node, nodes.Filter) and node.name == "shell"):  # `| shell` is the way to opt out
            output.nodes[index] = nodes.Filter(
                node, _filter_for(context, node.lineno), [], [], None, None, lineno=node.lineno
            )
    return context


def _filter_for(context: str, line: int) -> str:
    if "`" in context:
        raise UnclearQuoting(line, "a value stands between backticks; write $( … ) instead")
    match context[-1:]:
        case "#":
            raise UnclearQuoting(line, "a value stands in a comment of the command, where it cannot be quoted")
        case "'":
            return "shell_in_single"
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
    "shell_bare": _bare,
    "shell_in_single": _in_single,
    "shell_in_double": _in_double,
}
