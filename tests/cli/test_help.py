"""The help of the command and its subcommands."""

from collections.abc import Iterator

import click
import pytest

from shoal.cli import shoal

SHORT_HELP_CHARACTERS = 64
"""Columns left of a line of 80 beside the name of a command."""


def all_commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    for key, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}", command


COMMANDS = dict(all_commands(shoal, "shoal"))


def test_every_command_is_listed_once_under_a_heading() -> None:
    lines = shoal.get_help(click.Context(shoal, info_name="shoal", terminal_width=80)).splitlines()
    listed = lines[lines.index("Stacks:") :]
    headings = [line for line in listed if line and not line.startswith(" ")]
    assert headings == ["Stacks:", "Job files:", "Jobs:", "Tools:"]
    assert sorted(line.split()[0] for line in listed if line.startswith("  ")) == sorted(shoal.commands)


@pytest.mark.parametrize("name", [name for name in COMMANDS if not name.startswith("shoal local")])
def test_first_sentence_of_a_command_fits_into_the_list(name: str) -> None:
    short = COMMANDS[name].get_short_help_str(limit=1000)
    assert short.endswith(".")
    assert len(short) <= SHORT_HELP_CHARACTERS


@pytest.mark.parametrize("name", [name for name in COMMANDS if not name.startswith("shoal local")])
def test_every_option_is_explained_in_a_sentence(name: str) -> None:
    options = [parameter for parameter in COMMANDS[name].params if isinstance(parameter, click.Option)]
    helps = {option.name: (option.help or "").partition("  [default")[0] for option in options}
    assert [option for option, text in helps.items() if not text.endswith(".") or not text[0].isupper()] == []


@pytest.mark.parametrize(
    "flag", ["--json", "--stack", "--engine", "--yes", "--quiet", "--environment", "--no-jobs", "--job"]
)
def test_option_of_many_commands_has_one_explanation(flag: str) -> None:
    commands = [command for name, command in COMMANDS.items() if not name.startswith("shoal local")]
    options = [option for command in commands for option in command.params if flag in option.opts]
    assert len(options) > 1
    assert len({option.help for option in options if isinstance(option, click.Option)}) == 1
