"""The value at risk: the job's figures are those of its scripts, and the chart is drawn."""

import csv
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from simulate import read_prices, simulate

PRICES = Path(__file__).parents[1] / "task_templates" / "prices.csv"


def test_job_brings_a_table_and_a_chart_home(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "paths=200", "-p", "seeds=1", "--out", str(tmp_path))
    shoal("run", "task_templates/var.yaml", "-s", "local", *given)
    with (tmp_path / "merge/merge/var.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 60
    (row,) = (row for row in rows if (row["ticker"], row["horizon"], row["confidence"]) == ("IBM", "6", "0.99"))
    assert ElementTree.parse(tmp_path / "merge/merge/var.svg").getroot().tag.endswith("svg")
    prices = read_prices(PRICES, "IBM")
    estimate = simulate(prices, ticker="IBM", horizon=6, confidence=Fraction("0.99"), paths=200, seed=1)
    assert float(row["value_at_risk"]) == estimate.value_at_risk
