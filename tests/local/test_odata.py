import sqlite3

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from shoal.local import times
from shoal.local.api import odata
from shoal.local.api.odata import ALL, EQUALITY, PREFIX, Column, where
from shoal.local.errors import BatchError

COLUMNS = {
    "id": Column("id", "text", ALL | {PREFIX}),
    "state": Column("state", "word", EQUALITY),
    "executionInfo/exitCode": Column("code", "number"),
    "creationTime": Column("created", "date"),
    "big": Column("big", "boolean", EQUALITY),
}
NEW_YEAR = times.moment_of("2026-01-01T00:00:00Z")
ROWS = [
    ("a-1", "active", None, NEW_YEAR - 1, 0),
    ("a_2", "completed", 0, NEW_YEAR, 1),
    ("B%3", "completed", -7, NEW_YEAR + 1, 0),
    ("o'neil", "completed", 300, NEW_YEAR + times.DAY, 1),
]


def database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE things (id TEXT COLLATE NOCASE, state, code, created, big)")
    connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?)", ROWS)
    return connection


DATABASE = database()


def found(text: str | None) -> list[str]:
    condition, parameters = where(text, COLUMNS)
    rows = DATABASE.execute(f"SELECT id FROM things WHERE 1 AND ({condition}) ORDER BY rowid", parameters)
    return [row[0] for row in rows]


def test_prefix_that_few_or_no_rows_have_is_found_without_reading_all_rows() -> None:
    columns = {"id": Column("id", "text", frozenset({PREFIX}), keys="SELECT key FROM rows WHERE id >= ? AND id < ?")}
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE rows (key INTEGER PRIMARY KEY, id TEXT COLLATE NOCASE UNIQUE)")
    connection.executemany("INSERT INTO rows (id) VALUES (?)", ((f"Row-{n}",) for n in range(50_000)))

    def page_of(prefix: str) -> tuple[list[str], int]:
        """Return the first rows, and how many thousands of steps SQLite took for them."""
        condition, parameters = where(f"startswith(id,'{prefix}')", columns)
        steps = list[None]()
        connection.set_progress_handler(lambda: steps.append(None), 1000)
        rows = connection.execute(f"SELECT id FROM rows WHERE {condition} ORDER BY key LIMIT 5", parameters)
        return [row[0] for row in rows], len(steps)

    for prefix, ids in {
        "row-0": ["Row-0"],
        "row-00": [],
        "row-4999_": [],
        "row-49999": ["Row-49999"],
        "ROW-": [f"Row-{n}" for n in range(5)],
    }.items():
        found_ids, steps = page_of(prefix)
        assert found_ids == ids
        assert steps < 100, prefix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ["a-1", "a_2", "B%3", "o'neil"]),
        ("", ["a-1", "a_2", "B%3", "o'neil"]),
        ("id eq 'a-1'", ["a-1"]),
        ("id eq 'A-1'", ["a-1"]),
        ("id ne 'a-1'", ["a_2", "B%3", "o'neil"]),
        ("id ge 'b'", ["B%3", "o'neil"]),
        ("id eq 'o''neil'", ["o'neil"]),
        ("startswith(id,'A')", ["a-1", "a_2"]),
        ("startswith(id, 'a_')", ["a_2"]),
        ("startswith(id,'b%')", ["B%3"]),
        ("startswith(id,'%')", []),
        ("state eq 'Completed'", ["a_2", "B%3", "o'neil"]),
        ("state ne 'completed'", ["a-1"]),
        ("executionInfo/exitCode eq 0", ["a_2"]),
        ("executionInfo/exitCode lt 0", ["B%3"]),
        ("executionInfo/exitCode ge -7 and executionInfo/exitCode le 0", ["a_2", "B%3"]),
        ("creationTime lt DateTime'2026-01-01T00:00:00Z'", ["a-1"]),
        ("creationTime eq datetime'2026-01-01T00:00:00.0000000Z'", ["a_2"]),
        ("creationTime gt DateTime'Thu, 01 Jan 2026 00:00:00 GMT'", ["B%3", "o'neil"]),
        ("big eq true", ["a_2", "o'neil"]),
        ("id eq 'a-1' or id eq 'a_2' and state eq 'active'", ["a-1"]),
        ("(id eq 'a-1' or id eq 'a_2') and state eq 'completed'", ["a_2"]),
        ("state eq 'completed' AND (big eq False OR startswith(id,'o'))", ["B%3", "o'neil"]),
        ("(((id eq 'a-1')))", ["a-1"]),
        (" or ".join(["id eq 'x'"] * 200 + ["id eq 'a-1'"]), ["a-1"]),
    ],
)
def test_filter_finds(text: str | None, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Id eq 'a'", "'Id' cannot be filtered by"),
        ("id like 'a'", "'like' is not an operator"),
        ("id eq", "the filter ends too early"),
        ("id eq a", "a is not a text"),
        ("id eq 5", "5 is not a text"),
        ("id eq 'a", "cannot be read"),
        ("state gt 'a'", "'gt' is not supported on this property"),
        ("startswith(state,'a')", "startswith is not supported on this property"),
        ("executionInfo/exitCode eq '0'", "'0' is not a number"),
        ("executionInfo/exitCode eq 9223372036854775808", "is not a number"),
        ("executionInfo/exitCode eq " + "9" * 5000, "is not a number"),
        ("creationTime gt '2026-01-01'", "is not a date"),
        ("creationTime gt DateTime'soon'", "is not a date"),
        ("big eq 1", "1 is not a boolean"),
        ("id eq 'a' id eq 'b'", "'id' is not expected there"),
        ("(id eq 'a'", "')' is expected"),
        ("id eq 'a')", "')' is not expected there"),
        ("not (id eq 'a')", "'not' cannot be filtered by"),
        ("id eq 'a'; DROP TABLE things", "cannot be read"),
        ("(" * 400 + "id eq 'a'" + ")" * 400, "nested more than"),
        (" or ".join(["id eq 'a'"] * 400), "is longer than"),
    ],
)
def test_what_batch_does_not_know_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BatchError) as refusal:
        where(text, COLUMNS)
    assert (refusal.value.status, refusal.value.code) == (400, "InvalidQueryParameterValue")
    assert refusal.value.values["QueryParameterName"] == "$filter"
    assert reason in refusal.value.values["Reason"]


NAMES = st.sampled_from(sorted(COLUMNS))
SYNTAX = st.sampled_from(
    ["eq", "ne", "gt", "and", "or", "(", ")", ",", "startswith", "'", ";", "--", '"', "\\", "\0", "?"]
)
VALUES = st.sampled_from(["5", "'a'", "'' OR 1=1 --'", "true", "DateTime'2026-01-01'"])
WORDS = NAMES | SYNTAX | VALUES


@given(st.text() | st.lists(WORDS).map(" ".join) | st.lists(WORDS).map("".join))
def test_any_text_filters_or_is_refused_and_reaches_the_database_as_values_only(text: str) -> None:
    try:
        condition, parameters = where(text, COLUMNS)
    except BatchError as refusal:
        event(refusal.code)
        return
    DATABASE.execute(f"SELECT id FROM things WHERE {condition}", parameters)
    words = set(condition.replace("(", " ").replace(")", " ").split())
    expected = {
        "id",
        "state",
        "code",
        "created",
        "big",
        "=",
        "!=",
        ">",
        "?",
        "AND",
        "OR",
        "LIKE",
        "ESCAPE",
        "'\\'",
        "1",
    }
    assert words <= expected


@given(st.text())
def test_any_text_can_be_looked_for(value: str) -> None:
    quoted = value.replace("'", "''")
    assert found(f"id eq '{quoted}'") == [row[0] for row in ROWS if row[0].lower() == value.lower()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, ""), ("startswith(name,'wd/')", "wd/"), ("startswith(name, 'it''s')", "it's")],
)
def test_files_are_filtered_by_the_beginning_of_their_names(text: str | None, expected: str) -> None:
    assert odata.prefix(text, "name") == expected


@pytest.mark.parametrize("text", ["name eq 'a'", "startswith(size,'a')", "startswith(name,'a') or true", "startswith("])
def test_files_are_filtered_by_nothing_else(text: str) -> None:
    with pytest.raises(BatchError, match="query parameters"):
        odata.prefix(text, "name")
