"""The operator of apache-airflow-providers-microsoft-azure 15.2, called as a worker calls it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.local.clients.installed import python_with
from tests.services import running_service

pytestmark = pytest.mark.soak


def test_the_operator_of_airflow_runs_jobs_to_their_end_and_sees_those_that_fail(tmp_path: Path) -> None:
    program = [python_with("airflow"), Path(__file__).with_name("airflow_story.py")]
    home = {"AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"}
    with running_service(tmp_path / "state") as status:
        ended = subprocess.run(
            [*program, status.batch_endpoint, status.account, status.key],
            env={**os.environ, **home},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert ended.returncode == 0, ended.stderr
