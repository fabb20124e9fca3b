import json
import subprocess
import sys
from pathlib import Path

import pytest
from measurement import Measurement

from tests.clone import ROOT

KEYS = {"name", "value", "unit", "peer", "peer_value", "ratio"}


def test_ratio_is_our_value_divided_by_the_peers() -> None:
    measurement = Measurement(name="run", value=1_234.5, unit="tasks/s", peer="xargs", peer_value=987.6)
    assert measurement.to_json() == {
        "name": "run",
        "value": 1230.0,
        "unit": "tasks/s",
        "peer": "xargs",
        "peer_value": 988.0,
        "ratio": 1.25,
    }


def test_ratio_without_a_peer_is_none() -> None:
    assert Measurement(name="start", value=2.0, unit="s").to_json()["ratio"] is None


@pytest.mark.xdist_group("heavy")
@pytest.mark.parametrize(
    ("measurement", "names"),
    [
        ("accept", {"accept tasks", "accept tasks from azure-batch"}),
        ("run", {"run true tasks"}),
        ("render", {"render tasks"}),
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
    assert all(set(result) == KEYS and result["value"] > 0 for result in results)
