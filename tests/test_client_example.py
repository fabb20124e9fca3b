import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clone import ROOT, clone


@pytest.mark.xdist_group("heavy")
def test_unmodified_client_runs_a_thousand_tasks_and_reads_each_stdout(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    try:
        assert copy.shoal("local", "start", "--port", "0").returncode == 0
        exports = dict(re.findall(r"^export (\w+)=[\"']?(.*?)[\"']?$", copy.shoal("local", "env").stdout, re.MULTILINE))
        answer = subprocess.run(
            [sys.executable, ROOT / "examples" / "client.py"],
            env=os.environ | exports,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout == "1000 tasks ran; the last one said: hello 999\n"
    finally:
        copy.shoal("local", "stop")
