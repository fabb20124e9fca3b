"""Every call of Pulumi's command that a page shows is known to its command line."""

import subprocess

import pytest

from tests.code_blocks import PAGES, blocks, commands
from tests.command_lines import calls

pytestmark = pytest.mark.pulumi

LAST_VERBS = {
    "add",
    "destroy",
    "edit",
    "get-schema",
    "init",
    "login",
    "new",
    "output",
    "preview",
    "refresh",
    "rm",
    "set",
    "up",
}
"""The words behind one of these are arguments."""
CALLS = sorted(
    {
        " ".join(words[1:])
        for page in PAGES
        for block in blocks(page)
        if block.language in ("console", "sh")
        for command in commands(block)
        for words in calls(command)
        if words[0] == "pulumi"
    }
)


def verbs(words: list[str]) -> list[str]:
    last = next(i for i, word in enumerate(words) if word in LAST_VERBS)
    return words[: last + 1]


def test_pages_show_calls_of_pulumi() -> None:
    assert len(CALLS) >= 15


@pytest.mark.parametrize("call", CALLS)
def test_command_and_its_flags_are_known(call: str, path: str) -> None:
    words = call.split()
    shown = subprocess.run(
        ["pulumi", *verbs(words), "--help"],
        env={"PATH": path, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    for flag in (word for word in words if word.startswith("-")):
        assert f"{flag} " in shown.stdout or f"{flag}, " in shown.stdout
