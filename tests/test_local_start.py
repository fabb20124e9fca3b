import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import processes_naming
from tests.waiting import wait_until

SHOAL = Path(sys.executable).with_name("shoal")


@pytest.mark.xdist_group("heavy")
def test_start_that_is_interrupted_leaves_no_service_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SHOAL, "local", "start", "--state", tmp_path, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as start:
        wait_until((tmp_path / "batch.db").exists, every=0.005)
        start.send_signal(signal.SIGINT)
        assert start.wait(timeout=30) != 0
    wait_until(lambda: not processes_naming(str(tmp_path)))
