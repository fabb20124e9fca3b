"""Questions before something is deleted or restarted."""

import sys

import click

from shoal.errors import BadInput


def confirmed(question: str, action: str) -> bool:
    """Ask on the terminal. Raises BadInput where there is none, as nobody could answer then."""
    if not sys.stdin.isatty():
        raise BadInput(f"without a terminal, {action} needs --yes")
    return click.confirm(question, err=True)
