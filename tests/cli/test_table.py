"""Tables keep every value in a pipe, and fit a terminal without losing what tells rows apart."""

import pytest

from shoal.cli.table import fitted_lines, full_lines, shortened

NODES = [f"tvmps_{digit * 32}{number:032}_p" for digit, number in (("a", 1), ("a", 2), ("b", 1))]
HEADER = ("ID", "STATE", "RESULT", "EXIT CODE", "FAILURE", "RETRIES", "STARTED", "ENDED", "NODE", "REASON")
TIMES = ("11-27 20:44:48", "11-27 20:45:01")
REASON = "exit code 137: killed (SIGKILL), mostly because the node ran out of memory"
TASKS = [
    (f"simulate-{number:06}-0123abcd", "completed", "failure", "137", "FailureExitCode", "2", *TIMES, node, REASON)
    for number, node in enumerate(NODES)
]


def test_piped_table_has_every_value_in_full() -> None:
    assert list(full_lines(("ID", "STATE"), [("a" * 90, "idle"), ("b", "running")])) == [
        "ID" + " " * 90 + "STATE",
        "a" * 90 + "  idle",
        "b" + " " * 91 + "running",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_wide_rows_fit_the_terminal(width: int) -> None:
    lines = list(fitted_lines(HEADER, TASKS, width))
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for words in ("137", "FailureExitCode", *TIMES):
        assert text.count(words) >= len(TASKS)


@pytest.mark.parametrize("width", [30, 60, 80])
def test_shortened_ids_stay_different(width: int) -> None:
    lines = list(fitted_lines(("POOL", "ID", "STATE"), [("spot", node, "idle") for node in NODES], width))
    ids = [line.split()[1] for line in lines[1:]]
    assert len(set(ids)) == 3
    for short, node in zip(ids, NODES, strict=True):
        beginning, end = short.split("…")
        assert node.startswith(beginning)
        assert node.endswith(end)


def test_row_too_wide_for_one_line_goes_on_in_a_second_as_its_header_does() -> None:
    rows = [("a" * 16, "b" * 16, "c" * 16), ("d" * 16, "e" * 16, "f" * 16)]
    assert list(fitted_lines(("ONE", "TWO", "THREE"), rows, 40)) == [
        "ONE               TWO",
        "  THREE",
        f"{'a' * 16}  {'b' * 16}",
        f"  {'c' * 16}",
        f"{'d' * 16}  {'e' * 16}",
        f"  {'f' * 16}",
    ]


def test_sentence_wraps_between_words_in_its_own_column() -> None:
    assert list(fitted_lines(("ID", "REASON"), [("t1", REASON)], 44)) == [
        "ID  REASON",
        "t1  exit code 137: killed (SIGKILL), mostly",
        "    because the node ran out of memory",
    ]


def test_empty_columns_are_left_out_on_a_terminal_only() -> None:
    rows = [("t1", "", "idle")]
    assert list(fitted_lines(("ID", "RESULT", "STATE"), rows, 80)) == ["ID  STATE", "t1  idle"]
    assert list(full_lines(("ID", "RESULT", "STATE"), rows)) == ["ID  RESULT  STATE", "t1          idle"]


def test_table_that_fits_is_the_same_on_a_terminal() -> None:
    rows = [("spot", "3"), ("fixed", "0")]
    assert list(fitted_lines(("POOL", "NODES"), rows, 80)) == list(full_lines(("POOL", "NODES"), rows))


def test_id_is_shortened_in_its_middle() -> None:
    assert [shortened("abcdefghij", length) for length in (10, 9, 5)] == ["abcdefghij", "abcd…ghij", "ab…ij"]


def test_row_with_nothing_in_the_second_line_has_one_line_only() -> None:
    rows = [["nightly", "active", "", "a sentence that is much too long for it"], ["weekly", "active", "", ""]]
    lines = list(fitted_lines(["ID", "STATE", "ENDED", "WAITS FOR"], rows, 30))
    assert [line for line in lines if not line] == []
    assert lines[-1].split() == ["weekly", "active"]
