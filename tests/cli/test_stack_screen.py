"""The screen of `shoal top`, rendered without a service in terminals of several sizes."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from top_screens import SIZES, glance, picture, screen

from shoal.cli.stack_bar import Part, bar, lengths
from shoal.cli.stack_glance import KnownJob, due
from shoal.cli.stack_screen import (
    RowKey,
    Seen,
    StackScreen,
    View,
    after_key,
    pool_note,
    row_keys,
    shares,
    short,
    window,
)
from shoal.cli.terminal_keys import key_names
from shoal.runs.progress import Counts, Snapshot
from tests.services import REPOSITORY

SPOT = RowKey(kind="pool", name="spot")
GPU = RowKey(kind="pool", name="gpu")
NIGHTLY = RowKey(kind="job", name="nightly-0302")


def lines(shown: StackScreen) -> list[str]:
    console = Console(width=shown.width, record=True, file=StringIO(), force_terminal=True, legacy_windows=False)
    console.print(shown.rendered())
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("height", [1, 2, 5, 9, 16, 50])
def test_screen_fills_the_terminal_and_no_more(width: int, height: int) -> None:
    shown = lines(screen(width, height))
    assert len(shown) == height
    assert max(map(len, shown)) <= width
    assert shown[0].startswith("stack dev · 1.61 USD/h")


def test_pools_jobs_and_failures_are_lines_with_their_numbers() -> None:
    shown = lines(screen(80, 16))
    assert shown[2].split() == ["spot", "████████▒░░x", "22/24", "nodes", "64/88", "busy", "1.61/h", "$TargetDedicat…"]
    assert shown[5] == "  nightly-0302       ████x▒···· 3426/8001   64 run  14 fail 14.2/s, 0:05:24 left"
    assert shown[6] == "› render-0302        ·········· 0/240                       pool gpu has no nod…"
    assert shown[9].startswith("  14:29:20 nightly-0302     simulate-7-1f0c  exit code 137: killed (SIGKILL)")
    assert shown[-2:] == [
        "job render-0302: pool gpu has no nodes, and gets none: quota is used up",
        "q quit  ↑↓ choose  Enter open  p pause",
    ]


def test_chosen_row_is_shown_and_described_where_rows_do_not_fit() -> None:
    shown = lines(screen(80, 7, View(chosen=GPU)))
    assert shown[1:3] == [
        "POOLS 2-2 of 2",
        "› gpu            ------------ 0/24 nodes  0/0 busy      0.00/h   AllocationTime…",
    ]
    assert shown[-1].startswith("pool gpu: no nodes; AllocationTimedout: desired number of nodes")


def test_simulated_pool_of_the_embedded_service_says_so_before_the_rest() -> None:
    shown = glance()
    simulated = [replace(pool, row=replace(pool.row, has_simulation=True)) for pool in shown.pools]
    assert pool_note(simulated[0], is_embedded=True).startswith("simulated, $TargetDedicatedNodes=")
    assert pool_note(simulated[0], is_embedded=False) == pool_note(shown.pools[0], is_embedded=True)
    local = replace(shown, is_embedded=True, pools=simulated)
    row = lines(StackScreen(seen=Seen(glance=local), view=View(), width=120, height=16))[2]
    assert " simulated, $Target" in row


def test_silence_is_said_above_what_was_read_last() -> None:
    shown = screen(80, 16)
    away = replace(shown, seen=replace(shown.seen, problem="the service of stack 'dev' does not answer"))
    assert lines(away)[0] == "the service of stack 'dev' does not answer; trying again"
    assert lines(away)[1:] == lines(shown)[1:]
    first = replace(shown, seen=Seen(problem="the service of stack 'dev' does not answer"))
    assert lines(first) == ["the service of stack 'dev' does not answer"]


def test_opened_row_takes_the_place_of_the_lists_and_is_cut_at_the_end() -> None:
    content = ["first line", *(f"more {number}" for number in range(40))]
    seen = Seen(glance=glance(), opened=content, opened_key=SPOT)
    shown = lines(StackScreen(seen=seen, view=View(chosen=SPOT, is_open=True), width=80, height=12))
    assert shown[1:3] == ["first line", "more 0"]
    assert shown[-2:] == ["more 8", "q quit  ↑↓ choose  Enter open  p pause"]
    another = StackScreen(seen=seen, view=View(chosen=GPU, is_open=True), width=80, height=12)
    assert lines(another)[1:3] == ["reading", ""]


def test_names_are_text_and_never_markup() -> None:
    seen = Seen(glance=glance(), opened=["[red]x[/red]"], opened_key=SPOT)
    assert lines(StackScreen(seen=seen, view=View(chosen=SPOT, is_open=True), width=80, height=5))[1] == "[red]x[/red]"


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (["down"], SPOT),
        (["j", "j"], GPU),
        (["down", "down", "down", "up"], GPU),
        (["k", "k", "k"], SPOT),
        (["j"] * 9, RowKey(kind="job", name="nightly-0301")),
    ],
)
def test_arrows_and_their_letters_choose_among_pools_and_jobs(keys: list[str], chosen: RowKey) -> None:
    view = View()
    for key in keys:
        moved = after_key(view, key, row_keys(glance()))
        assert moved is not None
        view = moved
    assert view.chosen == chosen


def test_keys_open_close_pause_and_quit() -> None:
    rows = row_keys(glance())
    assert after_key(View(), "enter", rows) == View()
    assert after_key(View(chosen=SPOT), "enter", rows) == View(chosen=SPOT, is_open=True)
    assert after_key(View(chosen=SPOT, is_open=True), "enter", rows) == View(chosen=SPOT)
    assert after_key(View(chosen=SPOT, is_open=True), "escape", rows) == View(chosen=SPOT)
    assert after_key(View(), "p", rows) == View(is_paused=True)
    assert after_key(View(is_paused=True), "p", rows) == View()
    assert after_key(View(), "q", rows) is None
    assert after_key(View(), "down", []) == View()


def test_pause_is_said() -> None:
    assert lines(screen(80, 16, View(is_paused=True)))[0].endswith(" UTC · paused")


def test_bytes_of_a_terminal_become_keys() -> None:
    assert key_names(b"\x1b[A\x1bOBjq\r\x1b") == ["up", "down", "j", "q", "enter", "escape"]


@pytest.mark.parametrize(
    ("counts", "width", "expected"),
    [
        ([0, 0], 4, [0, 0]),
        ([1, 1], 4, [2, 2]),
        ([1, 999_999], 10, [1, 9]),
        ([3426, 14, 64, 4511], 10, [4, 1, 1, 4]),
        ([1, 1, 1, 1], 4, [1, 1, 1, 1]),
        ([2, 1], 10, [7, 3]),
    ],
)
def test_whatever_is_there_has_a_part_of_the_bar(counts: list[int], width: int, expected: list[int]) -> None:
    shown = bar([Part(count=count, mark=str(number), style="") for number, count in enumerate(counts)], width)
    assert [shown.plain.count(str(number)) for number in range(len(counts))] == expected
    assert len(shown.plain) == width
    if any(counts):
        assert lengths(counts, width) == expected


def test_lines_are_shared_out_and_the_window_holds_the_chosen_row() -> None:
    assert shares([3, 10, 2], 9) == [3, 4, 2]
    assert shares([3, 4, 2], 20) == [3, 4, 2]
    assert shares([3, 4, 2], 0) == [0, 0, 0]
    assert window(10, 0, 3) == range(3)
    assert window(10, 5, 3) == range(4, 7)
    assert window(10, 9, 3) == range(7, 10)
    assert window(2, 1, 5) == range(2)


@pytest.mark.parametrize(
    ("number", "expected"), [(9999, "9999"), (12_345, "12.3k"), (123_456, "123k"), (1_200_000, "1.2M")]
)
def test_large_numbers_are_shortened(number: int, expected: str) -> None:
    assert short(number) == expected


def test_chosen_job_and_the_oldest_counts_are_counted_next_and_an_end_once() -> None:
    rows = [job.row for job in glance().jobs]
    nightly, render, ended = (row.id for row in rows)

    def known(at: float | None, state: str) -> KnownJob:
        job = KnownJob()
        if at is not None:
            job.history.append(Snapshot(at=at, counts=Counts(succeeded=1), job_state=state))
        return job

    jobs = {nightly: known(5, "active"), render: known(3, "active"), ended: known(1, "active")}
    assert [row.id for row in due(rows, jobs, "", 2)] == [ended, render]
    assert [row.id for row in due(rows, jobs, nightly, 2)] == [nightly, ended]
    jobs[ended] = known(6, "completed")
    assert [row.id for row in due(rows, jobs, "", 9)] == [render, nightly]
    jobs[nightly] = known(None, "active")
    assert [row.id for row in due(rows, jobs, "", 1)] == [nightly]


@pytest.mark.parametrize("width", SIZES)
def test_pictures_of_the_page_are_those_of_the_present_screen(width: int) -> None:
    kept = (REPOSITORY / "docs" / "images" / f"top-{width}.svg").read_text(encoding="utf-8")
    assert kept == picture(width), "run tools/top_screens.py docs/images"
    assert "@font-face" not in kept
