"""The screen of a watched job, rendered without a service at the widths of usual terminals."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from watch_screens import WIDTHS, picture

from shoal.cli.job_screen import JobScreen
from shoal.runs.job_details import Details
from shoal.runs.pool_cost import NodeTally
from shoal.runs.progress import Counts, Snapshot
from shoal.runs.stage_counts import StageView
from shoal.runs.why.failure_kinds import FailedTask, FailureKind, Failures
from tests.services import REPOSITORY

HISTORY = tuple(
    Snapshot(at=at, counts=Counts(active=990 - done, running=10, succeeded=done - 7, failed=7), job_state="active")
    for at, done in ((0.0, 100), (10.0, 300))
)
STAGES = (
    StageView(name="simulate", total=900, completed=290, running=8),
    StageView(name="merge-of-" + "everything-" * 4, total=99, completed=10, running=2, is_estimate=True),
    StageView(name="report", total=1, completed=0, running=0),
)
KINDS = tuple(
    FailureKind(tasks=tasks, example=FailedTask(id=f"t{code}", exit_code=code, code="FailureExitCode", stderr="no x\n"))
    for code, tasks in ((9, 4), (3, 1), (4, 1), (5, 1))
)
SCREEN = JobScreen(
    job_id="nightly",
    is_embedded=False,
    history=HISTORY,
    details=Details(
        pool="spot", stages=STAGES, nodes=NodeTally(dedicated={"idle": 1}, spot={"running": 4, "idle": 1}), cost=1.234
    ),
    failures=Failures(total=7, kinds=KINDS),
)


def lines(screen: JobScreen, width: int) -> list[str]:
    console = Console(width=width, record=True, file=StringIO(), force_terminal=True, legacy_windows=False)
    console.print(screen.rendered())
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_screen_fits_and_shows_stages_rate_nodes_cost_and_failures(width: int) -> None:
    shown = lines(SCREEN, width)
    assert max(map(len, shown)) <= width
    text = " ".join(" ".join(shown).split())
    assert shown[0] == "job nightly"
    for part in ("300 of 1000 done", "10 running", "7 failed", "20.0/s", "0:00:35 left"):
        assert part in text
    assert "290 of 900 8 running" in text
    assert "≈10 of 99 2 running" in text
    assert "0 of 1" in text
    assert "pool spot: 4 running, 2 idle, 1.23 USD so far" in shown
    assert [line.split(" (")[0] for line in shown if line.startswith("failed")] == [
        "failed: 4 × exit code 9",
        "failed: 1 × exit code 3",
        "failed: 1 × exit code 4",
        "failed: 1 more kinds",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_of_the_page_are_those_of_the_present_screen(width: int) -> None:
    kept = (REPOSITORY / "docs" / "images" / f"watch-{width}.svg").read_text(encoding="utf-8")
    assert kept == picture(width), "run tools/watch_screens.py docs/images"
    assert "@font-face" not in kept


def test_job_of_one_stage_has_one_bar() -> None:
    single = replace(SCREEN, details=replace(SCREEN.details, stages=STAGES[:1]))
    assert sum("━" in line for line in lines(single, 80)) == 1
    assert sum("━" in line for line in lines(SCREEN, 80)) == 4


def test_silence_stands_in_for_the_progress() -> None:
    assert (
        "the service has not answered for 9 s"
        in lines(replace(SCREEN, message="the service has not answered for 9 s; trying again"), 80)[1]
    )
    waiting = JobScreen(job_id="nightly", is_embedded=True)
    assert lines(waiting, 80) == ["nightly: waiting for the service"]
