"""Command lines of the pages: the programs that they call, and whether `shoal` knows such a call."""

import re
import shlex
from collections.abc import Iterator

import click

from shoal.cli import shoal

SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
ASSIGNMENT = re.compile(r"\w+=\S*")
WORDS_OF_THE_SHELL = {"do", "done", "for", "eval", "export", "cd", "set"}
ENDS = re.compile(r"[;&|]+")


def calls(command: str) -> Iterator[list[str]]:
    """The words of each program that a command line calls, also within `$( )`; nothing of the shell's own."""
    for inner in SUBSTITUTION.findall(command):
        yield from calls(inner)
    lexer = shlex.shlex(SUBSTITUTION.sub("answer", command), posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ";"]:
        if not ENDS.fullmatch(word):
            call.append(word)
            continue
        program = _of_a_program(call)
        if program:
            yield program
        call = []


def _of_a_program(words: list[str]) -> list[str]:
    words = words[: words.index(">")] if ">" in words else words
    while words and (words[0] == "do" or ASSIGNMENT.fullmatch(words[0])):
        words = words[1:]
    return [] if not words or words[0] in WORDS_OF_THE_SHELL else words


def refusal(words: list[str]) -> str | None:
    """The reason why `shoal` takes no such words, from its own parser; values are looked at where they are a choice."""
    command: click.Command = shoal
    if words[:1] == ["-C"]:  # an option of the group itself, with its directory
        words = words[2:]
    while isinstance(command, click.Group) and words:
        name, *words = words
        if name not in command.commands:
            return f"no such command: {name}"
        command = command.commands[name]
    context = click.Context(command, info_name=command.name, resilient_parsing=False)
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and values.get(parameter.name or "") is not None:
                parameter.type.convert(values[parameter.name or ""], parameter, context)
    except click.UsageError as exc:
        return exc.message
    return f"too many arguments: {' '.join(rest)}" if rest else None
