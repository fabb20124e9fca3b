"""azure-mgmt-batch 17.3, as scripts of the last years have it, on the ARM side of a service over HTTPS."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.local.clients.installed import python_with
from tests.services import running_service

pytestmark = pytest.mark.soak


def test_an_earlier_client_of_arm_manages_an_account_to_its_end(tmp_path: Path) -> None:
    program = [python_with("azure-mgmt-batch-17"), Path(__file__).with_name("azure_mgmt_batch_story.py")]
    with running_service(tmp_path, https=True) as status:
        ended = subprocess.run(
            [*program, status.arm_endpoint, status.tenant_id, status.client_id, status.client_secret],
            env={**os.environ, **status.client_variables},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert ended.returncode == 0, ended.stderr
