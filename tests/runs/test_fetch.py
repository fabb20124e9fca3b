from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from shoal.connect import Services
from shoal.errors import WorkFailed
from shoal.runs.fetch import fetch, target


@pytest.fixture
def outputs(services: Services) -> ContainerClient:
    return services.blobs.get_container_client("outputs")


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_outputs_come_home_by_stage_and_task(outputs: ContainerClient, name: str, tmp_path: Path) -> None:
    for blob, text in {"sim/t1/a.json": "1", "sim/t2/d/b.json": "", "merge/merge/c.csv": "x" * 100_000}.items():
        outputs.upload_blob(f"{name}/{blob}", text)
    outputs.upload_blob(f"{name}-other/sim/t1/a.json", "not of this job")
    fetched = fetch(outputs, name, tmp_path)
    assert contents(tmp_path) == {"sim/t1/a.json": "1", "sim/t2/d/b.json": "", "merge/merge/c.csv": "x" * 100_000}
    assert (fetched.files, fetched.already_there, fetched.bytes) == (3, 0, 100_001)


def test_only_what_changed_is_fetched_again(outputs: ContainerClient, name: str, tmp_path: Path) -> None:
    outputs.upload_blob(f"{name}/s/t/a", "1")
    outputs.upload_blob(f"{name}/s/t/b", "1")
    fetch(outputs, name, tmp_path)
    outputs.upload_blob(f"{name}/s/t/b", "22", overwrite=True)
    (tmp_path / "s/t/a").write_text("changed here")
    outputs.upload_blob(f"{name}/s/t/c", "3")
    fetched = fetch(outputs, name, tmp_path)
    assert (fetched.files, fetched.already_there) == (3, 0)
    assert contents(tmp_path) == {"s/t/a": "1", "s/t/b": "22", "s/t/c": "3"}
    assert fetch(outputs, name, tmp_path).already_there == 3


def test_file_left_half_written_is_replaced(outputs: ContainerClient, name: str, tmp_path: Path) -> None:
    outputs.upload_blob(f"{name}/s/t/a", "whole")
    (tmp_path / "s/t").mkdir(parents=True)
    (tmp_path / "s/t/a.part").write_text("ha")
    fetch(outputs, name, tmp_path)
    assert contents(tmp_path) == {"s/t/a": "whole"}


@pytest.mark.parametrize("blob", ["job/../evil", "job/s/../../evil", "job//etc/passwd", "job/s/.."])
def test_output_whose_name_leads_outside_is_refused(blob: str) -> None:
    with pytest.raises(WorkFailed, match="would be written outside of results"):
        target(blob, "job", Path("results"))


def test_job_without_outputs_has_nothing_to_fetch(outputs: ContainerClient, name: str, tmp_path: Path) -> None:
    assert fetch(outputs, name, tmp_path).summary == "there are no outputs"
