import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.processes import processes_naming
from tests.waiting import wait_until

SHOAL = Path(sys.executable).with_name("shoal")


def shoal_local(command: str, state: Path, *arguments: str) -> str:
    return subprocess.check_output([SHOAL, "local", command, "--state", state, *arguments], text=True)


def test_start_that_is_interrupted_leaves_no_service_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SHOAL, "local", "start", "--state", tmp_path, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as start:
        wait_until((tmp_path / "batch.db").exists, every=0.005)
        start.send_signal(signal.SIGINT)
        assert start.wait(timeout=30) != 0
    wait_until(lambda: not processes_naming(str(tmp_path)))


def test_start_after_a_kill_is_done_when_the_service_itself_answers(tmp_path: Path) -> None:
    try:
        shoal_local("start", tmp_path, "--port", "0")
        killed = json.loads(shoal_local("status", tmp_path, "--json"))["pid"]
        os.kill(killed, signal.SIGKILL)
        shoal_local("start", tmp_path)
        assert json.loads(shoal_local("status", tmp_path, "--json"))["pid"] != killed
    finally:
        shoal_local("stop", tmp_path)
