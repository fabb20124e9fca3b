import hashlib
import os
from pathlib import Path

import pytest

from shoal.runs.file_checksums import checksum_of, current_checksums, keep_checksums, read_checksums


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "results"
    made.mkdir()
    (made / "a").write_bytes(b"one")
    return made


def test_file_with_a_kept_checksum_is_not_read_again(folder: Path) -> None:
    keep_checksums(folder, {"a": checksum_of(folder / "a", "as it was fetched")})
    (folder / "b").write_bytes(b"two")
    assert current_checksums(folder, ["a", "b"]) == {"a": "as it was fetched", "b": sha256(b"two")}
    assert set(read_checksums(folder)) == {"a", "b"}


def test_file_that_was_changed_is_read_though_it_has_the_same_size_and_time(folder: Path) -> None:
    before = (folder / "a").stat()
    keep_checksums(folder, {"a": checksum_of(folder / "a", "as it was fetched")})
    (folder / "a").write_bytes(b"two")
    os.utime(folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert current_checksums(folder, ["a"]) == {"a": sha256(b"two")}


@pytest.mark.parametrize("text", ["", "[]", '{"a": [1]}', '{"a": 1}', "{"])
def test_broken_checksums_are_computed_again(folder: Path, text: str) -> None:
    (folder.parent / ".results.shoal-checksums").write_text(text)
    assert current_checksums(folder, ["a"]) == {"a": sha256(b"one")}
