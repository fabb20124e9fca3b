"""Advice in messages works in a made project, where most users read it."""

import ast
import re
from collections.abc import Iterator

from shoal.projects.template_files import template_file
from tests.services import REPOSITORY

COMMAND = re.compile(r"`make ([\w-]+)")


def texts() -> Iterator[str]:
    """All strings of the package that are no docstrings."""
    for source in (REPOSITORY / "shoal").rglob("*.py"):
        tree = ast.parse(source.read_text())
        bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
                yield node.value


def test_every_target_of_make_that_a_message_names_is_there_in_a_made_project() -> None:
    named = {target for text in texts() for target in COMMAND.findall(text)}
    targets = set(re.findall(r"^([\w-]+):", template_file("Makefile").read_text(), re.MULTILINE))
    assert "test" in named
    assert named <= targets
