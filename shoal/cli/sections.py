"""A group of commands whose help lists them under headings."""

from typing import Any

import click


class SectionedGroup(click.Group):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._sections: dict[str, tuple[click.Command, ...]] = {}

    def add_section(self, title: str, *commands: click.Command) -> None:
        self._sections[title] = commands
        for command in commands:
            self.add_command(command)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, self.commands))
        for title, commands in self._sections.items():
            with formatter.section(title):
                width = formatter.width - longest - formatter.current_indent - 2
                formatter.write_dl(
                    # Padded to the longest of all: click would align each section by itself.
                    [(f"{command.name:<{longest}}", command.get_short_help_str(width)) for command in commands]
                )
