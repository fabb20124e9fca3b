from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.jobs.file.document import parse_document, read_document
from shoal.validation_messages import spelling

PATH = Path("job.yaml")


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("2024-01-31", "2024-01-31"),
        ("12:30:00", "12:30:00"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("true", True),
        ("7", 7),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("~", None),
    ],
)
def test_plain_words_mean_what_they_look_like(word: str, meaning: Any) -> None:
    assert parse_document(f"value: {word}", PATH).value == {"value": meaning}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3", r"job.yaml line 3, column 2: this is not valid YAML"),
        ("a: 1\nb: 2\na: 3", r"job.yaml line 3: 'a' stands here twice, first on line 1"),
        ("a: 1\nb: {{ a }}", r"job.yaml line 2: a string that begins with \{\{ needs quotes around it"),
        ("", "job.yaml is empty"),
    ],
)
def test_mistake_in_yaml_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_document(text, PATH)


def test_every_key_and_item_knows_its_line() -> None:
    document = parse_document("a:\n  b:\n    - x\n    - y\nc: |\n  text\n", PATH)
    assert document.line(["a", "b"]) == 2
    assert document.line(["a", "b", 1]) == 4
    assert document.text_line(["c"]) == 6


def test_location_that_the_file_lacks_is_told_as_what_is_around_it() -> None:
    document = parse_document("a:\n  b: 1\n", PATH)
    assert document.line(["a", "b", "missing"]) == 2
    assert spelling(document.steps(["a", "tag of a union", "b"])) == "a.b"


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.yaml does not exist"):
        read_document(tmp_path / "nothing.yaml")
