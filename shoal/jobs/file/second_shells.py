"""Places of a command whose text is evaluated a second time: scripts of other shells, `eval`, arithmetic.

Quotes protect a value from the shell that gets the line, and are gone when the next one reads it. At such a place a
value may only have characters that mean themselves at every level. The literal text is split into simple commands, with
values as one character each, and the words before a value tell whether it lands in a script.
"""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename
from typing import Any

from jinja2 import nodes

VALUE = "\ue000"
"""Stands for a value; a character for private use."""
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish"})
_ALWAYS = frozenset({"eval", "alias", "watch", "parallel", "let"})
"""Commands that evaluate every argument."""
_WITH_COMMAND_OPTION = frozenset({"su", "runuser", "script", "flock"})
_EVALUATORS = SHELLS | _ALWAYS | _WITH_COMMAND_OPTION | {"trap", "ssh"}
_HARMLESS = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_KEYWORDS = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"})
_PIPED = re.compile(
    r"\|&?\s*(?:[\w./-]+=\S*\s+|env\s+|sudo\s+|exec\s+)*[\w./-]*?\b(?:" + "|".join(sorted(SHELLS)) + r")\b"
    r"(?:\s+-(?!c\b)\w+)*\s*(?:$|[;&|)\n])"
)
_NUMERIC_TEST = re.compile(r"\s-(?:eq|ne|lt|le|gt|ge|v)\s")


class UnsafeValue(Exception):
    """A value stands where it would be evaluated, and has characters that mean more than themselves."""


@dataclass(slots=True)
class _Command:
    """A simple command as far as it has been read."""

    words: list[str] = field(default_factory=list)
    """Its finished words, without quotes."""
    evaluators: list[int] = field(default_factory=list)
    """The indices of the words that may evaluate those after them."""
    word: str | None = None
    quote: str = ""
    closes: str = ""
    """The character that ends it, where it stands within another command."""


def restrict_evaluated_values(tree: nodes.Template) -> None:
    """Wrap each value that is evaluated a second time in a filter that accepts harmless ones only."""
    text = "".join(part if isinstance(part, str) else VALUE for part in _parts(tree))
    places = _evaluated_places(text)
    for index, (parent, position) in enumerate(_value_slots(tree)):
        if place := places.get(index):
            value = parent.nodes[position]
            if not (isinstance(value, nodes.Filter) and value.name == "shell"):
                arguments: list[nodes.Expr] = [nodes.Const(place, lineno=value.lineno)]
                parent.nodes[position] = nodes.Filter(
                    value, "shell_evaluated", arguments, [], None, None, lineno=value.lineno
                )


def evaluated(value: Any, place: str) -> Any:
    """Return a value that means itself wherever it is evaluated. Raises UnsafeValue for others."""
    for item in value if isinstance(value, list | tuple) else [value]:
        text = str(item).lower() if isinstance(item, bool) else str(item)
        accepted = _INTEGER if place == ARITHMETIC else _HARMLESS
        if not accepted.fullmatch(text):
            raise UnsafeValue(f"the value {text!r} stands in {place}, {_MENDS.get(place, _MEND)}")
    return value


ARITHMETIC = "$(( … ))"
_MEND = (
    "which is evaluated again without the quotes of the first shell; pass it as an argument, as in "
    "sh -c 'work \"$1\"' sh {{ value }}, or as a variable, as in V={{ value }} sh -c 'work \"$V\"'"
)
_MENDS = {ARITHMETIC: "which takes integers only and evaluates all other text; compute it in the template: {{ a + b }}"}


def _parts(tree: nodes.Template) -> Iterator[str | nodes.Expr]:
    """Return text and values in the order of the file, those of all branches included."""
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else node


def _value_slots(tree: nodes.Template) -> Iterator[tuple[nodes.Output, int]]:
    for output in list(tree.find_all(nodes.Output)):
        for position, node in enumerate(output.nodes):
            if not isinstance(node, nodes.TemplateData):
                yield output, position


def _evaluated_places(text: str) -> dict[int, str]:
    """Return the places of the values, by their numbers, that are evaluated a second time."""
    places: dict[int, str] = {}
    stack, number, position = [_Command()], 0, 0
    last_pipe_to_shell = max((match.start() for match in _PIPED.finditer(text)), default=-1)
    tests = _numeric_tests(text)
    while position < len(text):
        if text[position] == VALUE:
            if place := _place(stack, position, last_pipe_to_shell, tests):
                places[number] = place
            number += 1
        position += _read(stack, text, position)
    return places


def _numeric_tests(text: str) -> list[tuple[int, int]]:
    """Return the spans from a `[[` to the next `]]` that compare numbers, in their order."""
    tests, begin = [], 0
    while (end := text.find("]]", begin)) != -1:
        opened = text.find("[[", begin, end)
        if opened != -1 and _NUMERIC_TEST.search(text, opened, end):
            tests.append((opened, end))
        begin = end + 2
    return tests


def _place(
    stack: list[_Command], position: int, last_pipe_to_shell: int, tests: Sequence[tuple[int, int]]
) -> str | None:
    if stack[-1].closes == "))":
        return ARITHMETIC
    for command in stack:
        if place := _script_after(command):
            return place
    if position < last_pipe_to_shell:
        return "text that is piped into a shell"
    before = bisect(tests, (position,)) - 1
    if before >= 0 and position < tests[before][1]:
        return "[[ … ]] with a comparison of numbers"
    return None


def _script_after(command: _Command) -> str | None:
    """Return the place if the next word of a simple command is evaluated by a shell."""
    for index in command.evaluators:
        word, rest = command.words[index], command.words[index + 1 :]
        name = basename(word)
        if name in SHELLS or (index == 0 and "$" in word):
            if rest and rest[-1] == "<<<":
                return f"the input of {name}"
            if _is_command_option_last(rest):
                return f"a script of {name} -c"
        elif name in _ALWAYS or (name == "trap" and all(part == "--" for part in rest)):
            return f"an argument of {name}"
        elif name == "ssh" and any(not part.startswith("-") for part in rest):
            return "a command for ssh"
        elif name in _WITH_COMMAND_OPTION and rest and rest[-1] in ("-c", "--command"):
            return f"a script of {name} -c"
    return None


def _is_command_option_last(options: list[str]) -> bool:
    """True for `-c`, `-ec`, `-c --`, `-o pipefail -c`: the next word is the script."""
    has_command, skip = False, False
    for option in options:
        if skip:
            skip = False
        elif option.startswith(("-", "+")):
            has_command = has_command or (not option.startswith("--") and "c" in option)
            skip = option in ("-o", "+o", "-O", "+O") or option.endswith("o")
        else:
            return False
    return has_command


def _read(stack: list[_Command], text: str, position: int) -> int:
    """Take the character at `position` into the innermost command, and return how many characters that took."""
    command, char = stack[-1], text[position]
    if command.quote == "'":
        return _quoted(command, char, "'")
    if char == "\\":
        command.word = (command.word or "") + text[position + 1 : position + 2].strip("\n")
        return 2
    if command.closes and text.startswith(command.closes, position) and not command.quote:
        stack.pop()
        stack[-1].word = (stack[-1].word or "") + "$"
        return len(command.closes)
    for opening, closing in (("$((", "))"), ("$(", ")")):
        if text.startswith(opening, position):
            stack.append(_Command(closes=closing))
            return len(opening)
    if char == "`":
        stack.append(_Command(closes="`"))
        return 1
    if command.quote == '"':
        return _quoted(command, char, '"')
    return _bare(stack, text, position)


def _quoted(command: _Command, char: str, quote: str) -> int:
    if char == quote:
        command.quote = ""
    else:
        command.word = (command.word or "") + char
    return 1


def _bare(stack: list[_Command], text: str, position: int) -> int:
    command, char = stack[-1], text[position]
    if char in "'\"":
        command.quote, command.word = char, command.word or ""
    elif command.closes == "))" or (char == "(" and stack[-1].closes == "))"):
        return 1
    elif text.startswith("((", position) and not command.words and not command.word:
        stack.append(_Command(closes="))"))
        return 2
    elif text.startswith("<<<", position):
        _finish(command)
        command.words.append("<<<")
        return 3
    elif char in " \t":
        _finish(command)
    elif char in ";&|\n(":
        _finish(command)
        command.words.clear()
        command.evaluators.clear()
        if char == "(":
            stack.append(_Command(closes=")"))
    elif char in "<>":
        _finish(command)
    else:
        command.word = (command.word or "") + char
    return 1


def _finish(command: _Command) -> None:
    if command.word is not None and (command.words or command.word not in _KEYWORDS):
        if basename(command.word) in _EVALUATORS or (not command.words and "$" in command.word):
            command.evaluators.append(len(command.words))
        command.words.append(command.word)
    command.word = None
