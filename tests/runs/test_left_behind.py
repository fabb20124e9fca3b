"""Losses by the deletion of a stack."""

from pathlib import Path

import pytest

from shoal.connect import Services
from shoal.runs.cancel import cancel
from shoal.runs.fetch import fetch
from shoal.runs.left_behind import LeftBehind, left_behind
from tests.runs.batch_jobs import add_job, after, task


def test_job_counts_until_it_has_ended_and_outputs_until_they_are_fetched(
    services: Services, name: str, tmp_path: Path
) -> None:
    outputs = services.blobs.get_container_client("outputs")
    add_job(services, name, task("waits", "true", **after("nothing")))
    outputs.upload_blob(f"{name}.1a2b3c4d/sum/sum/sum.txt", b"30")
    before = left_behind(services, [tmp_path, tmp_path / "results"])
    assert name in before.jobs
    assert f"{name}.1a2b3c4d" in before.runs
    cancel(services.batch, name)
    fetch(services, f"{name}.1a2b3c4d", tmp_path / "results" / name)
    after_all = left_behind(services, [tmp_path, tmp_path / "results"])
    assert name not in after_all.jobs
    assert f"{name}.1a2b3c4d" not in after_all.runs


@pytest.mark.parametrize("blob", [".shoal/manifests/nightly.1a2b3c4d.json", ".shoal/other/x", ".kept/x"])
def test_blobs_of_shoal_itself_are_outputs_of_no_run(services: Services, tmp_path: Path, blob: str) -> None:
    outputs = services.blobs.get_container_client(services.environment.containers.outputs)
    outputs.upload_blob(blob, b"{}", overwrite=True)
    assert [run for run in left_behind(services, [tmp_path]).runs if run.startswith(".")] == []


def test_few_are_named_and_the_commands_that_save_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lost = LeftBehind(jobs=["nightly"], runs=[f"job-{number}.0{number}" for number in range(7)])
    assert lost.sentences == [
        "1 job has not ended: nightly; `shoal watch nightly` shows how far it is",
        f"outputs of 7 runs were not fetched to {tmp_path}: job-0.00, job-1.01, job-2.02, job-3.03, job-4.04 and 2 more"
        "; `shoal fetch job-0 --run 00` fetches them",
    ]
    assert LeftBehind(jobs=[], runs=[]).sentences == []
