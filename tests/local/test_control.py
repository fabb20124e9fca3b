"""The service started and stopped from Python, and what people get who test their own code against it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from azure.batch.models import BatchJobCreateOptions, BatchPoolInfo

from shoal.local import control
from shoal.service_status import is_running, read_status
from tests.processes import processes_naming
from tests.waiting import wait_until

HOLD = "import sys, time\nfrom pathlib import Path\nfrom shoal.testing import running\n"


def test_service_runs_as_long_as_its_block_and_leaves_nothing(tmp_path: Path) -> None:
    with control.running() as service:
        state = Path(service.state_dir)
        with service.batch_client() as batch, service.blob_service_client() as blobs:
            batch.create_job(BatchJobCreateOptions(id="job", pool_info=BatchPoolInfo(pool_id="pool")))
            blobs.create_container("kept").upload_blob("blob", b"content")
            assert batch.get_job("job").state == "active"
            assert blobs.get_blob_client("kept", "blob").download_blob().readall() == b"content"
    assert not state.exists()
    wait_until(lambda: not processes_naming(str(state)))


def test_state_that_is_given_stays_and_is_taken_up_again_on_the_same_port(tmp_path: Path) -> None:
    with control.running(tmp_path, power_safe=True) as first:
        assert control.start(tmp_path) == first
        with pytest.raises(control.CannotStart, match="; to move it to port 1, stop it first"):
            control.start(tmp_path, port=1)
        with pytest.raises(control.CannotStart, match="already runs with --power-safe; to change that, stop it first"):
            control.start(tmp_path, power_safe=False)
    assert not is_running(tmp_path)
    assert not control.stop(tmp_path)
    with control.running(tmp_path) as second:
        assert (second.batch_endpoint, second.key) == (first.batch_endpoint, first.key)
        assert second.power_safe


def test_service_ends_with_a_process_that_is_killed_in_the_block(tmp_path: Path) -> None:
    script = f"{HOLD}with running(Path({str(tmp_path)!r})):\n    print('up', flush=True)\n    time.sleep(600)\n"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "up\n"
        assert read_status(tmp_path) is not None
        holder.kill()
    wait_until(lambda: not is_running(tmp_path))
    wait_until(lambda: not processes_naming(str(tmp_path)))


def test_error_within_the_block_stops_the_service_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), control.running(tmp_path):
        _ = 1 / 0
    assert not is_running(tmp_path)


def test_fixtures_of_the_plugin_give_a_test_a_batch_account_and_storage(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "def test_own(batch_client, blob_service_client, shoal_service):\n"
        "    assert list(batch_client.list_pools()) == []\n"
        "    assert blob_service_client.account_name == shoal_service.storage_account\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_state_of_a_running_service_is_refused_and_its_log_is_kept(tmp_path: Path) -> None:
    with control.running(tmp_path):
        log = (tmp_path / "service.log").read_text()
        with pytest.raises(control.CannotStart, match="a service already runs on "), control.running(tmp_path):
            pass
        assert (tmp_path / "service.log").read_text().startswith(log)
        assert is_running(tmp_path)
