from pathlib import Path

import pytest

from shoal.azure.prices import NodePrice
from shoal.errors import BadInput
from shoal.jobs.preflight.price_file import read_prices

PRICES = """\
currency: EUR
source: our agreement
as_of: 2026-11-01
nodes:
  Standard_D4s_v5: {dedicated: 0.2, spot: 0.04}
"""


def test_prices_are_read_with_their_source_and_day(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(PRICES)
    prices = read_prices(tmp_path / "prices.yaml")
    assert prices.nodes == {"standard_d4s_v5": NodePrice(dedicated=0.2, spot=0.04)}
    assert (prices.currency, prices.source, prices.as_of) == ("EUR", "our agreement", "2026-11-01")


def test_every_mistake_of_a_price_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES.replace("0.04", "-1").replace("source: our agreement\n", "").replace("2026-11-01", "today"))
    with pytest.raises(BadInput) as refused:
        read_prices(path)
    lines = str(refused.value).replace(f"{path} ", "").splitlines()
    assert sorted(line.split(":")[0] for line in lines) == ["line 1", "line 2", "line 4"]
    assert any("source" in line for line in lines)
