"""The scripts of the example's application package, run as on a node: with only the standard library."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from chart import draw, spreads
from estimate import Estimate, from_json, to_json
from merge import read_estimates, table

VAR = Path(__file__).parents[1] / "examples" / "var"
APP = VAR / "app"
SCRIPTS = sorted(APP.glob("*.py"))

POINT = {"--ticker": "AAPL", "--horizon": "3", "--confidence": "0.99", "--paths": "500", "--seed": "2"}


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script in isolated mode and without a bytecode cache, which would change the package's content."""
    command = [sys.executable, "-E", "-B", APP / script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def simulate(out: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    given = {"--prices": str(VAR / "prices.csv"), **POINT, **{f"--{name}": value for name, value in changes.items()}}
    return run("simulate.py", *[part for pair in given.items() for part in pair], "--out", out)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_parses_as_python_3_8_and_imports_the_standard_library_only(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {script.stem for script in SCRIPTS}
    assert {name.partition(".")[0] for name in imported} <= own | set(sys.stdlib_module_names)


@pytest.mark.parametrize("script", ["simulate.py", "merge.py"])
def test_script_explains_itself(script: str) -> None:
    answer = run(script, "--help")
    assert answer.returncode == 0
    assert "usage:" in answer.stdout


def test_simulation_writes_the_requested_point_and_prints_its_risk(tmp_path: Path) -> None:
    answer = simulate(tmp_path / "out.json")
    assert answer.returncode == 0, answer.stderr
    estimate = from_json((tmp_path / "out.json").read_text())
    assert estimate[:5] == ("AAPL", 3, 0.99, 2, 500)
    assert 0 < estimate.value_at_risk <= estimate.expected_shortfall < 1
    assert f"value at risk {estimate.value_at_risk:.4f}" in answer.stdout


def test_simulation_gives_the_same_bytes_for_the_same_seed_and_others_for_another(tmp_path: Path) -> None:
    for name, seed in {"one": "5", "again": "5", "other": "6"}.items():
        assert simulate(tmp_path / name, seed=seed).returncode == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()


def test_figures_of_a_known_point_stay_the_same(tmp_path: Path) -> None:
    """They stay across versions of Python and machines: the demo promises its CSV byte for byte."""
    simulate(tmp_path / "out.json", paths="2000")
    estimate = from_json((tmp_path / "out.json").read_text())
    assert (estimate.value_at_risk, estimate.expected_shortfall) == (0.572355, 0.61728)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"horizon": "0"}, "--horizon: must be a whole number of at least 1, not '0'"),
        ({"horizon": "1.5"}, "--horizon"),
        ({"paths": "-3"}, "--paths"),
        ({"confidence": "1"}, "--confidence: must be a number between 0 and 1, not '1'"),
        ({"confidence": "1/0"}, "--confidence"),
        ({"confidence": "much"}, "--confidence"),
        ({"seed": "x"}, "--seed"),
        (
            {"ticker": "TSLA"},
            "has 0 prices of 'TSLA', at least 2 are needed; it has AAPL, AMZN, GOOG, IBM, MSFT",
        ),
        ({"prices": "nowhere.csv"}, "nowhere.csv"),
        ({"prices": str(APP / "risk.py")}, "must have the columns symbol, date and price"),
    ],
    ids=str,
)
def test_wrong_argument_ends_with_one_message_and_no_file(
    change: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    answer = simulate(tmp_path / "out.json", **change)
    assert answer.returncode == 2
    assert complaint in answer.stderr.splitlines()[-1]
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("price", ["", "abc", "0", "-1", "nan", "inf"])
def test_invalid_price_is_refused_with_its_line(price: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text(f"symbol,date,price\nAAPL,2000-01-01,10\nAAPL,2000-02-01,{price}\n")
    answer = simulate(tmp_path / "out.json", prices=str(prices))
    assert answer.returncode == 2
    assert f"prices.csv line 3: the price must be a number above 0, not {price!r}" in answer.stderr


def estimate(
    ticker: str = "IBM", horizon: int = 1, confidence: float = 0.95, seed: int = 1, at_risk: float = 0.1
) -> Estimate:
    return Estimate(ticker, horizon, confidence, seed, 1_000, at_risk, at_risk + 0.05)


SWEEP = [
    estimate(ticker, horizon, confidence, seed, 0.01 * seed + 0.02 * horizon + confidence - 0.9)
    for ticker in ("IBM", "A&B")
    for horizon in (10, 2)
    for confidence in (0.95, 0.99)
    for seed in (3, 1, 2)
]


def test_estimate_survives_the_way_through_json() -> None:
    assert from_json(to_json(estimate())) == estimate()


def test_merged_table_and_chart_do_not_depend_on_names_order_or_depth_of_the_files(tmp_path: Path) -> None:
    for order, estimates in {"forth": SWEEP, "back": list(reversed(SWEEP))}.items():
        for number, one in enumerate(estimates):
            path = tmp_path / order / f"task{number % 5}" / f"{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_json(one))
        answer = run(
            "merge.py", tmp_path / order, "--csv", tmp_path / f"{order}.csv", "--svg", tmp_path / f"{order}.svg"
        )
        assert answer.returncode == 0, answer.stderr
    for kind in ("csv", "svg"):
        assert (tmp_path / f"forth.{kind}").read_bytes() == (tmp_path / f"back.{kind}").read_bytes()


def test_table_is_sorted_by_number_and_has_six_places() -> None:
    lines = table(sorted([estimate(horizon=10), estimate(horizon=2, at_risk=0.25)])).splitlines()
    assert lines == [
        "ticker,horizon,confidence,seed,paths,value_at_risk,expected_shortfall",
        "IBM,2,0.95,1,1000,0.250000,0.300000",
        "IBM,10,0.95,1,1000,0.100000,0.150000",
    ]


def test_same_estimate_found_twice_counts_once(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(to_json(estimate()))
    assert read_estimates(tmp_path) == [estimate()]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "no JSON file below"),
        ({"a.json": "{"}, "a.json: "),
        ({"a.json": json.dumps({"ticker": "IBM"})}, "a.json: not an estimate; its keys must be ticker, horizon"),
        ({"a.json": to_json(estimate()), "b.json": to_json(estimate(at_risk=0.2))}, "b.json contradicts another file"),
    ],
    ids=["none", "broken", "foreign", "contradicting"],
)
def test_unusable_directory_ends_the_merge_with_one_message_and_no_file(
    files: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    answer = run("merge.py", tmp_path, "--csv", tmp_path / "var.csv", "--svg", tmp_path / "var.svg")
    assert answer.returncode == 2
    assert complaint in answer.stderr.splitlines()[-1]
    assert not (tmp_path / "var.csv").exists()


def test_spread_is_the_lowest_median_and_highest_over_the_seeds() -> None:
    risks = {1: 0.30, 2: 0.10, 3: 0.15, 4: 0.25}
    (spread,) = spreads([estimate(seed=seed, at_risk=risk) for seed, risk in risks.items()], 0.95)
    assert spread == (1, 0.10, 0.20, 0.30)


def test_chart_is_well_formed_and_has_a_panel_per_share_and_a_line_per_confidence() -> None:
    svg = ElementTree.fromstring(draw(SWEEP))
    texts = ["".join(node.itertext()) for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in ("A&B", "IBM")] == ["A&B", "IBM"]
    assert [text for text in texts if "confidence" in text][1:] == ["95 % confidence", "99 % confidence"]
    bands = [node for node in svg.iter("{http://www.w3.org/2000/svg}path") if "band" in node.get("class", "")]
    assert len(bands) == 4


def test_chart_lies_within_its_page_whatever_the_risks() -> None:
    estimates = [
        estimate(f"T{n}", horizon, 0.9 + confidence / 100, 1, risk)
        for n in range(7)
        for horizon, risk in ((1, -0.3), (60, 0.999))
        for confidence in range(6)
    ]
    svg = ElementTree.fromstring(draw(estimates))
    width, height = float(svg.get("width", "0")), float(svg.get("height", "0"))
    for node in svg.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(node.get("x", "nan")) <= width - 20
        assert 0 <= float(node.get("y", "nan")) <= height
