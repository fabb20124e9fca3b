"""The commands of Pulumi that docs/gitops.md and its neighbour tell are known to its command line."""

import re
import subprocess

import pytest

from tests.deploy.test_gitops_documentation import OPERATORS, TEXT, blocks

pytestmark = pytest.mark.pulumi

COMMANDS = [
    command
    for block in [*blocks(TEXT, "sh"), *blocks(OPERATORS, "sh")]
    for command in re.findall(r"^pulumi .*$", block.replace("\\\n", ""), flags=re.MULTILINE)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_command_and_its_flags_are_known(command: str, path: str) -> None:
    verbs = re.match(r"pulumi ((?:[a-z]+ )+)", command)
    assert verbs is not None
    known = ["init", "new", "edit"]
    words = verbs[1].split()
    words = words[: next(i for i, word in enumerate(words) if word in known) + 1]
    shown = subprocess.run(
        ["pulumi", *words, "--help"],
        env={"PATH": path, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    for flag in re.findall(r" (--[a-z-]+)", command):
        assert f"{flag} " in shown.stdout
