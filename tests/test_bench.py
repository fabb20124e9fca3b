import json
import re
import subprocess
import sys
from pathlib import Path

import page
import pytest
from measurement import Measurement, repeated
from rows import NOT_MEASURED, ROWS

from tests.clone import ROOT

DOCS = ROOT / "docs"
KEYS = {"name", "value", "unit", "peer", "peer_value", "ratio", "spread"}


def test_ratio_is_our_value_divided_by_the_peers() -> None:
    measurement = Measurement(name="run", value=1_234.5, unit="tasks/s", peer="xargs", peer_value=987.6)
    assert measurement.to_json() == {
        "name": "run",
        "value": 1230.0,
        "unit": "tasks/s",
        "peer": "xargs",
        "peer_value": 988.0,
        "ratio": 1.25,
        "spread": None,
    }


def test_ratio_without_a_peer_is_none() -> None:
    assert Measurement(name="start", value=2.0, unit="s").to_json()["ratio"] is None


@pytest.mark.story
@pytest.mark.xdist_group("heavy")
@pytest.mark.parametrize(
    ("measurement", "names"),
    [
        ("accept", {"accept tasks", "accept tasks from azure-batch"}),
        ("run", {"run true tasks"}),
        ("render", {"render tasks"}),
        pytest.param("files", {"run tasks with files", "run tasks with files / raw requests"}, marks=pytest.mark.soak),
        pytest.param(
            "transfer",
            {"upload inputs of 1 kB", "fetch files of 1 kB", "upload a large file", "fetch a large file"},
            marks=pytest.mark.soak,
        ),
        pytest.param(
            "large",
            {"submit tasks", "submit, memory", "watch a large job", "why, large job"},
            marks=pytest.mark.soak,
        ),
        pytest.param(
            "growth",
            {f"growth with {name}" for name in ("tasks", "empty jobs", "dependencies", "nodes")},
            marks=pytest.mark.soak,
        ),
        ("scale", {"evaluate the default formula", "simulate a day, 1,000 nodes"}),
        ("start", {"service ready", "shoal --help"}),
        pytest.param(
            "forecast",
            {"forecast, fixed nodes", "forecast, by a probe", "forecast, formula"},
            marks=pytest.mark.soak,
        ),
        pytest.param("deploy", {"no-change up, embedded engine"}, marks=pytest.mark.soak),
    ],
)
def test_bench_measures_and_writes_its_results(measurement: str, names: set[str], tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    command = [sys.executable, "bench/run.py", "--only", measurement, "--scale", "0.01", "--out", str(out)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr
    results = json.loads(out.read_text())
    found = {result["name"].partition(" /")[0] for result in results}
    assert names <= found  # with Pulumi's engine only where there is a `pulumi`
    assert all(set(result) == KEYS for result in results)
    assert all(result["value"] > 0 or result["unit"] == "exponent" for result in results)


def test_turns_give_their_median_and_their_spread() -> None:
    measurement = repeated("fetch", "files/s", [3.0, 1.0, 2.0], "raw requests", [4.0, 4.0, 5.0])
    assert (measurement.value, measurement.peer_value, measurement.spread) == (2.0, 4.0, (1.0, 3.0))


@pytest.mark.parametrize(
    ("value", "unit", "peer_value", "verdict"),
    [
        (100.0, "tasks/s", 50.0, "2 times as good"),
        (100.0, "tasks/s", 200.0, "**the peer is better**: 50 % of it"),
        (2.0, "s", 4.0, "2 times as good"),
        (4.0, "s", 3.0, "**the peer is better**: 75 % of it"),
        (100.0, "tasks/s", 103.0, "alike"),
    ],
)
def test_page_says_who_is_better(value: float, unit: str, peer_value: float, verdict: str) -> None:
    name = "submit tasks"
    measured = Measurement(name=name, value=value, unit=unit, peer="raw requests", peer_value=peer_value)
    record = {"surroundings": {}, "scale": 1, "left_out": {}, "results": [measured.to_json()]}
    [line] = [line for line in page.page(record).splitlines() if line.startswith(f"| {name} |")]
    assert f"| {verdict} |" in line


def test_committed_page_is_the_one_that_the_bench_makes_of_its_record() -> None:
    record = json.loads((DOCS / "benchmarks.json").read_text())
    assert page.page(record) == (DOCS / "benchmarks.md").read_text()
    assert page.chart(record["results"]) == (DOCS / "images/benchmarks.svg").read_text()


def test_committed_page_has_each_row_of_the_bench_with_its_figure_or_the_reason_why_not() -> None:
    record, text = json.loads((DOCS / "benchmarks.json").read_text()), (DOCS / "benchmarks.md").read_text()
    measured = {result["name"] for result in record["results"]}
    assert measured | set(record["left_out"]) == set(ROWS)
    assert re.findall(r"^\| ([^|]+) \| (?!\||---|Shoal)", text.partition("## ")[2], re.MULTILINE) == list(ROWS)
    assert all(f"- {name}: " in text for name in {**NOT_MEASURED, **record["left_out"]})
