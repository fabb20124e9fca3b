"""Ids of jobs and tasks on the command line."""

import pytest
from click.testing import CliRunner

from shoal.cli import shoal


@pytest.mark.parametrize(
    "words",
    [
        ("fetch", ""),
        ("rm", "."),
        ("watch", "nightly", ".."),
        ("why", "nightly", "a/../b"),
        ("logs", "nightly", "../x"),
        ("report", "nightly/tasks"),
        ("render", "job.yaml", "--job", ""),
    ],
)
def test_text_that_would_change_the_address_is_no_id(words: tuple[str, ...]) -> None:
    refused = CliRunner().invoke(shoal, words)
    assert refused.exit_code == 2
    assert f"{words[-1]!r} cannot be an id: Batch allows letters, digits, hyphens and underscores." in refused.output
