"""`make demo` when something fails. The tests of the README's commands show its success and its results."""

import itertools
import json
import os
import shlex
import signal
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from demo import pivot
from merge import table
from simulate import read_prices, simulate

from tests.clone import ROOT, Clone, clone
from tests.processes import processes_naming
from tests.waiting import wait_until

TICKERS = ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")
DEMO = (".venv/bin/python", "examples/var/demo.py")


def row(ticker: str, horizon: int, confidence: str, risk: float) -> dict[str, str]:
    return {"ticker": ticker, "horizon": str(horizon), "confidence": confidence, "value_at_risk": str(risk)}


def test_pivot_has_the_median_risk_at_99_percent_of_each_share_and_horizon() -> None:
    rows = [
        row("MSFT", 12, "0.99", 0.5),
        row("IBM", 12, "0.99", 0.3),
        *(row("IBM", 1, "0.99", risk) for risk in (0.1, 0.4, 0.2)),
        row("MSFT", 1, "0.99", 0.05),
        row("MSFT", 1, "0.95", 0.9),
    ]
    assert [line.split() for line in pivot(rows)] == [
        ["share", "1", "mo", "12", "mo"],
        ["IBM", "20.0%", "30.0%"],
        ["MSFT", "5.0%", "50.0%"],
    ]


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
def test_failed_step_ends_the_demo_with_1_and_stops_the_service(tmp_path: Path) -> None:
    answer = clone(tmp_path).run(*DEMO, "-p", "paths=none")
    assert answer.returncode == 1
    assert "shoal submit ended with exit code 2" in answer.stderr
    wait_until(lambda: not processes_naming(str(tmp_path)))


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_ends_with_130_and_stops_the_service(ending: signal.Signals, tmp_path: Path) -> None:
    copy = clone(tmp_path)
    with subprocess.Popen(
        DEMO, cwd=copy.path, env=copy.environment, stdout=subprocess.PIPE, text=True, process_group=0
    ) as demo:
        assert demo.stdout is not None
        page = shlex.split(next(line for line in demo.stdout if line.endswith(" ui -s local\n")))
        assert any(line.startswith("$ shoal watch") for line in demo.stdout)
        # The stack is there for whoever opens the page, in a terminal without the demo's variables.
        subprocess.run([*page[:-3], "pools", "-s", "local"], env={}, stdout=subprocess.DEVNULL, check=True)
        # A terminal sends Ctrl-C to the whole group, a supervisor SIGTERM to the one process.
        os.kill(-demo.pid if ending == signal.SIGINT else demo.pid, ending)
        demo.stdout.read()
        assert demo.wait(timeout=60) == 130
    wait_until(lambda: not processes_naming(str(tmp_path)))


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
def test_service_killed_amid_the_sweep_completes_it_after_a_start_with_the_same_figures(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    try:
        succeed(copy, "local", "start", "--port", "0")
        succeed(copy, "up", "-s", "local", "-y")
        service = json.loads(succeed(copy, "local", "status", "--json"))["pid"]
        succeed(copy, "submit", "examples/var/job.yaml", "--job", "var-killed", "-p", "paths=3000")
        # A busy machine takes seconds for each look, and the sweep is over in half a minute.
        wait_until(lambda: len(completed(copy, "var-killed")) > 5, every=0.1)
        os.kill(service, signal.SIGKILL)
        succeed(copy, "local", "start")
        assert len(completed(copy, "var-killed")) < 361, "the sweep was over before the service was killed"
        succeed(copy, "watch", "var-killed")
        succeed(copy, "fetch", "var-killed", "--out", "results/killed")
        results = copy.path / "results" / "killed"
        assert len(list(results.glob("simulate/*/*.json"))) == 360
        (merged,) = results.rglob("var.csv")
        assert merged.read_text() == figures(paths=3000)
    finally:
        copy.shoal("local", "stop")
    wait_until(lambda: not processes_naming(str(tmp_path)))


def succeed(copy: Clone, *arguments: str) -> str:
    answer = copy.shoal(*arguments)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def completed(copy: Clone, job: str) -> list[object]:
    found: list[object] = json.loads(succeed(copy, "tasks", job, "--state", "completed", "--json"))
    return found


def figures(*, paths: int) -> str:
    """The merged table of the example's sweep, computed here without any service."""
    prices = {ticker: read_prices(ROOT / "examples/var/prices.csv", ticker) for ticker in TICKERS}
    points = itertools.product(TICKERS, (1, 2, 3, 6, 9, 12), ("0.95", "0.99"), range(1, 7))
    return table(
        simulate(
            prices[ticker], ticker=ticker, horizon=horizon, confidence=Fraction(confidence), paths=paths, seed=seed
        )
        for ticker, horizon, confidence, seed in points
    )
