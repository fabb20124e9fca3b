"""Small files are written whole, or leave nothing."""

from pathlib import Path

import pytest

from shoal.errors import WorkFailed
from shoal.runs.whole_file import write_whole


def test_file_that_cannot_be_written_is_one_message_and_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "note").mkdir()
    with pytest.raises(WorkFailed, match="note cannot be written: Is a directory"):
        write_whole(tmp_path / "note", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_file_replaces_the_earlier_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "note", b"earlier")
    write_whole(tmp_path / "note", b"later")
    assert (tmp_path / "note").read_bytes() == b"later"
