import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient, ContentSettings

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.runs.download import LARGE, RANGE
from shoal.runs.fetch import fetch
from shoal.runs.fetch_selection import Selection, Unfetchable
from shoal.runs.file_checksums import read_checksums


@pytest.fixture
def outputs(services: Services) -> ContainerClient:
    return services.blobs.get_container_client("outputs")


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_outputs_come_home_by_stage_and_task(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    for blob, text in {"sim/t1/a.json": "1", "sim/t2/d/b.json": "", "merge/merge/c.csv": "x" * 100_000}.items():
        outputs.upload_blob(f"{name}/{blob}", text)
    outputs.upload_blob(f"{name}-other/sim/t1/a.json", "not of this job")
    fetched = fetch(services, name, tmp_path)
    assert contents(tmp_path) == {"sim/t1/a.json": "1", "sim/t2/d/b.json": "", "merge/merge/c.csv": "x" * 100_000}
    assert (fetched.files, fetched.already_there, fetched.bytes) == (3, 0, 100_001)
    checksums = {name: kept.sha256 for name, kept in read_checksums(tmp_path).items()}
    assert checksums == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in contents(tmp_path).items()}


def test_only_what_changed_is_fetched_again(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    outputs.upload_blob(f"{name}/s/t/a", "1")
    outputs.upload_blob(f"{name}/s/t/b", "1")
    fetch(services, name, tmp_path)
    outputs.upload_blob(f"{name}/s/t/b", "22", overwrite=True)
    (tmp_path / "s/t/a").write_text("changed here")
    outputs.upload_blob(f"{name}/s/t/c", "3")
    fetched = fetch(services, name, tmp_path)
    assert (fetched.files, fetched.already_there) == (3, 0)
    assert contents(tmp_path) == {"s/t/a": "1", "s/t/b": "22", "s/t/c": "3"}
    assert fetch(services, name, tmp_path).already_there == 3


def test_file_left_half_written_is_replaced(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    outputs.upload_blob(f"{name}/s/t/a", "whole")
    (tmp_path / "s/t").mkdir(parents=True)
    (tmp_path / "s/t/a.part").write_text("ha")
    fetch(services, name, tmp_path)
    assert contents(tmp_path) == {"s/t/a": "whole"}


@pytest.mark.parametrize("name", ["../evil", "s/../../evil", "/etc/passwd", "s/.."])
def test_output_whose_name_leads_outside_is_refused(name: str) -> None:
    with pytest.raises(Unfetchable, match="would be written outside of the directory"):
        Selection().path(name)


def test_job_without_outputs_has_nothing_to_fetch(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    assert fetch(services, name, tmp_path).summary == "there are no outputs"


def test_bad_and_colliding_names_are_told_and_the_others_fetched(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    for blob in ("s/t/a", "s/t/sub", "s/t/sub/x", "s/t/d/e/f", "s/t/d/e", "s//t//y", "s/t/y", f"s/t/{'n' * 300}"):
        outputs.upload_blob(f"{name}/{blob}", "1")
    fetched = fetch(services, name, tmp_path)
    assert set(contents(tmp_path)) == {"s/t/a", "s/t/sub", "s/t/d/e", "s/t/y"}
    assert fetched.files == 4
    assert {problem.name for problem in fetched.problems} == {"s/t/sub/x", "s/t/d/e/f", "s/t/y", f"s/t/{'n' * 300}"}
    with pytest.raises(WorkFailed, match="4 outputs were not fetched"):
        fetched.refuse_problems()
    assert fetch(services, name, tmp_path).already_there == 4


@pytest.fixture
def sweep(outputs: ContainerClient, name: str) -> str:
    for blob in ("sim/sim-1/a.json", "sim/sim-1/d/b.csv", "sim/sim-2/a.json", "merge/merge/all.csv"):
        outputs.upload_blob(f"{name}/{blob}", "1")
    return name


@pytest.mark.parametrize(
    ("selection", "files"),
    [
        (Selection(stages={"merge"}), {"merge/merge/all.csv"}),
        (Selection(stages={"sim"}, tasks={"sim-2"}), {"sim/sim-2/a.json"}),
        (Selection(tasks={"sim-2", "merge"}), {"sim/sim-2/a.json", "merge/merge/all.csv"}),
        (Selection(pattern="*.csv"), {"sim/sim-1/d/b.csv", "merge/merge/all.csv"}),
        (Selection(pattern="a.*", stages={"sim", "merge"}), {"sim/sim-1/a.json", "sim/sim-2/a.json"}),
        (Selection(flat=True, stages={"sim"}), {"sim-1-a.json", "sim-1-d-b.csv", "sim-2-a.json"}),
    ],
)
def test_part_of_the_outputs_can_be_fetched(
    services: Services, sweep: str, selection: Selection, files: set[str], tmp_path: Path
) -> None:
    assert fetch(services, sweep, tmp_path, selection).files == len(files)
    assert set(contents(tmp_path)) == files


def test_selection_without_outputs_names_the_stages(services: Services, sweep: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no stage 'sin' has outputs; did you mean sim\?"):
        fetch(services, sweep, tmp_path, Selection(stages={"sin"}))
    with pytest.raises(BadInput, match=r"no output is selected by --task nope --pattern \*\.pdf;"):
        fetch(services, sweep, tmp_path, Selection(tasks={"nope"}, pattern="*.pdf"))


def test_file_in_the_way_of_the_directory_is_one_message(services: Services, sweep: str, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(BadInput, match="cannot be made"):
        fetch(services, sweep, tmp_path / "results")
    (tmp_path / "out" / "merge").mkdir(parents=True)
    (tmp_path / "out" / "merge" / "merge").write_text("a file")
    fetched = fetch(services, sweep, tmp_path / "out")
    assert [problem.name for problem in fetched.problems] == ["merge/merge/all.csv"]
    assert fetched.files == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_full_disk_ends_with_one_sentence_and_no_half_file(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    for number in range(6):
        outputs.upload_blob(f"{name}/s/t/{number}", b"x" * 300_000)
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not allow mounts")
    try:
        with pytest.raises(WorkFailed, match="there is no space left"):
            fetch(services, name, folder)
        assert {path.stat().st_size for path in folder.rglob("*") if path.is_file()} <= {300_000}
        assert list(folder.rglob("*.part")) == []
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_large_file_goes_on_where_it_stopped(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    content = os.urandom(LARGE + RANGE // 2)
    blob = outputs.upload_blob(f"{name}/s/t/big", content)
    etag = blob.get_blob_properties().etag.strip('"')
    part = tmp_path / "s/t" / f"big.{etag}.part"
    part.parent.mkdir(parents=True)
    # A mark in the part shows that its bytes were kept and not read again.
    part.write_bytes(b"mark" + content[4 : 2 * RANGE])
    (part.parent / "big.0xOLD.part").write_bytes(b"of an earlier blob")
    fetch(services, name, tmp_path)
    assert (tmp_path / "s/t/big").read_bytes() == b"mark" + content[4:]
    assert [path.name for path in part.parent.iterdir()] == ["big"]
    assert read_checksums(tmp_path)["s/t/big"].sha256 == hashlib.sha256(b"mark" + content[4:]).hexdigest()


def test_content_that_differs_from_its_checksum_is_no_file(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path
) -> None:
    wrong = ContentSettings(content_md5=bytearray(hashlib.md5(b"other").digest()))
    outputs.upload_blob(f"{name}/s/t/a", b"text").set_http_headers(wrong)
    outputs.upload_blob(f"{name}/s/t/b", b"text")
    fetched = fetch(services, name, tmp_path)
    assert [problem.name for problem in fetched.problems] == ["s/t/a"]
    assert contents(tmp_path) == {"s/t/b": "text"}


@pytest.mark.parametrize("place", ["file/results", "file/deep/results"])
def test_directory_below_a_file_is_refused_in_one_sentence(
    services: Services, outputs: ContainerClient, name: str, tmp_path: Path, place: str
) -> None:
    outputs.upload_blob(f"{name}/sim/t1/a.json", "1")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match="cannot be made: Not a directory; choose another one with --out"):
        fetch(services, name, tmp_path / place)
    assert (tmp_path / "file").read_text() == "mine"
