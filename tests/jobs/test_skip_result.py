"""Results of tasks: written by a shell as the nodes have it, read back, and compared with what is stored."""

import subprocess
from hashlib import md5
from pathlib import Path

import pytest

from shoal.blob_requests import Blob
from shoal.jobs.skip.content import TaskContent
from shoal.jobs.skip.decision import reusable
from shoal.jobs.skip.result import RESULT_FILE, File, Result, files_of, parsed, recorded, to_text


def run(folder: Path, command: str, *patterns: str) -> int:
    """Run a command as a task of `skip: exists` does, and return its exit code."""
    body = {"commandLine": command, "outputFiles": []}
    line = recorded(body, "job.run", {}, patterns)["commandLine"]
    return subprocess.run(["/bin/sh", "-c", f"exec {line}"], cwd=folder, check=False).returncode


def result(folder: Path) -> Result | None:
    return parsed((folder / RESULT_FILE).read_text())


def test_result_lists_the_files_that_match_with_sizes_and_checksums(tmp_path: Path) -> None:
    make = "/bin/sh -c 'mkdir -p a/b; printf one > out.txt; printf two > a/b/x.csv; printf three > other'"
    assert run(tmp_path, make, "out.txt", "a/**/*.csv") == 0
    found = result(tmp_path)
    assert found is not None
    assert (found.folder, found.made) == ("job.run", found.stored)
    assert found.files == {
        "out.txt": File(size=3, md5=md5(b"one").digest()),
        "a/b/x.csv": File(size=3, md5=md5(b"two").digest()),
    }
    assert parsed(to_text(found)) == found


def test_failed_command_keeps_its_exit_code_and_leaves_no_result(tmp_path: Path) -> None:
    assert run(tmp_path, "/bin/sh -c 'echo x > out.txt; exit 42'", "*") == 42
    assert not (tmp_path / RESULT_FILE).exists()


def test_words_of_the_command_stay_as_they_are(tmp_path: Path) -> None:
    assert run(tmp_path, """touch 'a b.txt' "it's"'$HOME.txt'""", "*.txt") == 0
    found = result(tmp_path)
    assert found is not None
    assert set(found.files) == {"a b.txt", "it's$HOME.txt"}


@pytest.mark.parametrize("name", ["new\nline.txt", "back\\slash.txt"])
def test_name_that_a_list_cannot_hold_makes_no_result(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert run(tmp_path, "true", "*.txt") == 0
    assert result(tmp_path) is None


def test_command_without_outputs_leaves_no_result_to_use(tmp_path: Path) -> None:
    assert run(tmp_path, "true", "*.txt") == 0
    assert result(tmp_path) is None


def blob(content: bytes, *, checksum: bool = True, modified: float = 100) -> Blob:
    digest = md5(content).digest() if checksum else None
    return Blob(name="", etag=content.hex(), size=len(content), last_modified=modified, md5=digest)


WRITTEN = Result(
    folder="job.run",
    made=100,
    stored=100,
    files={
        "out.txt": File(size=3, md5=md5(b"one").digest()),
        "d/x.csv": File(size=3, md5=md5(b"two").digest()),
    },
)


@pytest.mark.parametrize(
    ("stored", "is_whole"),
    [
        ({"out.txt": blob(b"one"), "d/x.csv": blob(b"two")}, True),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"two")}, True),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"two"), RESULT_FILE: blob(b"any")}, True),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"two", checksum=False)}, True),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"two", checksum=False, modified=99)}, False),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"twoo", checksum=False)}, False),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"TWO")}, False),
        ({"out.txt": blob(b"one"), "y.csv": blob(b"two")}, False),
        ({"out.txt": blob(b"one")}, False),
        ({"out.txt": blob(b"one"), "x.csv": blob(b"two"), "more.csv": blob(b"two")}, False),
        ({}, False),
    ],
)
def test_only_whole_results_with_nothing_beside_them_count(stored: dict[str, Blob], *, is_whole: bool) -> None:
    assert (files_of(WRITTEN, stored) is not None) is is_whole


def test_one_of_two_equal_files_does_not_stand_for_both() -> None:
    same = File(size=3, md5=md5(b"one").digest())
    twins = Result(folder="f", made=1, stored=1, files={"a/x": same, "b/x": same})
    assert files_of(twins, {"x": blob(b"one")}) is None
    assert files_of(twins, {"a/x": blob(b"one")}) is None
    assert files_of(twins, {"a/x": blob(b"one"), "b/x": blob(b"one")}) is not None


def content(task: str, *parents: str, digest: str | None = "d") -> TaskContent:
    return TaskContent(id=task, parents=parents, digest=digest)


def made(at: int) -> Result:
    return Result(folder="f", made=at, stored=at, files={})


@pytest.mark.parametrize(
    ("contents", "results", "skipped", "chosen"),
    [
        ([content("a")], {"a": made(5)}, {}, {"a": 5}),
        ([content("a")], {}, {}, {}),
        ([content("a", digest=None)], {"a": made(5)}, {}, {}),
        ([content("b", "a")], {"b": made(5)}, {"a": 4}, {"b": 5}),
        ([content("b", "a")], {"b": made(5)}, {"a": 6}, {}),
        ([content("b", "a")], {"b": made(5)}, {}, {}),
        ([content("b", "a", "c")], {"b": made(5)}, {"a": 1}, {}),
        ([content("a"), content("wait_for_s", "a")], {"a": made(5)}, {}, {"a": 5, "wait_for_s": 5}),
        ([content("a"), content("c"), content("wait_for_s", "a", "c")], {"a": made(5)}, {}, {"a": 5}),
        ([content("there")], {"there": made(5)}, {}, {}),
    ],
)
def test_task_is_skipped_with_all_before_it_and_only_if_made_after_them(
    contents: list[TaskContent], results: dict[str, Result], skipped: dict[str, int], chosen: dict[str, int]
) -> None:
    assert reusable({one.id: one for one in contents}, results, skipped, {"there"}) == chosen
