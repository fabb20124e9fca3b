"""The words: a part keeps whole lines, and map-reduce counts what one program counts."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from split import parts


def test_parts_are_the_whole_text_cut_between_lines() -> None:
    lines = [b"one\n", b"two three\n", b"four\n"]
    assert parts(lines, 2) == [b"one\ntwo three\n", b"four\n"]
    assert parts(lines, 5)[-1] == b""
    assert b"".join(parts(lines, 5)) == b"".join(lines)


def test_map_reduce_counts_what_one_program_counts(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "parts=4", "-p", "buckets=2", "--out", str(tmp_path))
    shoal("run", "task_templates/words.yaml", "-s", "local", *given)
    text = "".join(path.read_text("utf-8", "replace") for path in sorted((tmp_path / "split/split").iterdir()))
    counts = Counter(word.lower() for word in re.findall("[A-Za-z]+", text))
    rows = [line.split("\t") for line in (tmp_path / "merge/merge/words.tsv").read_text().splitlines()]
    assert {word: int(count) for word, count in rows} == counts
    assert len(rows) == len(counts) > 5000
    assert rows[0][0] == "self"
