"""Output that cannot be written is one sentence and exit code 1; a closed pipe is silent."""

import subprocess
import sys
from pathlib import Path

import pytest

JOB = 'job: {pool: spot}\nstages: [{name: a, for_each: {product: {x: {range: [1, 50000]}}}, command: "echo {{ x }}"}]\n'
SHOAL = [sys.executable, "-m", "shoal"]


@pytest.mark.parametrize("words", ["--help", "--version", "schema", "import act --help", "check job.yaml"])
def test_full_disk_is_one_sentence(words: str, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*SHOAL, *words.split()], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "error: the output cannot be written: No space left on device\n"


def test_closed_pipe_is_silent(tmp_path: Path) -> None:
    command = subprocess.Popen([*SHOAL, "schema"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == b""
        assert command.wait(timeout=60) == 1


def test_closed_output_does_not_stop_a_command(tmp_path: Path) -> None:
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m shoal schema >&-"], cwd=tmp_path, check=False)
    assert done.returncode == 0
