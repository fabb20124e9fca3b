"""The transcript in the documentation is what Pulumi's engine says of the Azure example stack today."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import REPOSITORY

pytestmark = pytest.mark.pulumi


def test_transcript_in_the_documentation_is_todays(path: str, tmp_path: Path) -> None:
    written = tmp_path / "preview.txt"
    command = [sys.executable, "tools/preview_transcript.py", str(written)]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert written.read_text() == (REPOSITORY / "docs" / "preview-azure.txt").read_text(), (
        "run tools/preview_transcript.py docs/preview-azure.txt"
    )
