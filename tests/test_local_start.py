import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.clone import wait_for_processes_to_end

SHOAL = Path(sys.executable).with_name("shoal")


@pytest.mark.xdist_group("heavy")
def test_start_that_is_interrupted_leaves_no_service_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SHOAL, "local", "start", "--state", tmp_path, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as start:
        deadline = time.monotonic() + 30
        while not (tmp_path / "batch.db").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        start.send_signal(signal.SIGINT)
        assert start.wait(timeout=30) != 0
    assert wait_for_processes_to_end(tmp_path) == []
