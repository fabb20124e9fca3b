import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.environment import to_json
from shoal.errors import BadInput
from shoal.runs.output_folder import refuse_unwritable
from tests.jobs.builders import ENVIRONMENT


def test_folder_that_is_there_or_can_be_made_is_accepted_and_not_made(tmp_path: Path) -> None:
    refuse_unwritable(tmp_path)
    refuse_unwritable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["file", "file/a/b"])
def test_file_in_the_way_of_the_outputs_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match=r"outputs cannot be written to .*file is a file; choose another --out"):
        refuse_unwritable(tmp_path / below)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_directory_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="is read-only"):
        refuse_unwritable(tmp_path / "a")


def test_name_that_no_folder_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="outputs cannot be written to"):
        refuse_unwritable(tmp_path / ("x" * 300))


def test_run_refuses_an_output_folder_before_it_speaks_to_a_service(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("job: {pool: spot, id: j}\nstages: [{name: a, command: 'true'}]\n")
    (tmp_path / "environment.json").write_text(json.dumps(to_json(ENVIRONMENT)))
    command = [
        sys.executable,
        "-m",
        "shoal",
        "run",
        "job.yaml",
        "--environment",
        "environment.json",
        "--out",
        "job.yaml",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "outputs cannot be written to job.yaml: job.yaml is a file; choose another --out" in done.stderr
