"""The table: figures that are known, and a row for each loan."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from merge import table
from pay import costs

LOANS = Path(__file__).parents[1] / "task_templates" / "loans.csv"


@pytest.mark.parametrize(
    ("loan", "payment", "interest"),
    [
        (("1200", "0", 12), "100.00", "0"),
        (("1000", "12", 2), "507.51", "15.02"),
        (("200000", "6", 360), "1199.10", None),
    ],
)
def test_costs_of_a_loan_are_those_worked_out_by_hand(loan: tuple, payment: str, interest: str | None) -> None:
    principal, percent, months = loan
    found = costs(Decimal(principal), Decimal(percent), months)
    assert found[0] == Decimal(payment)
    assert interest is None or found[1] == Decimal(interest)


def test_merged_table_is_the_one_that_a_single_program_makes(shoal: Callable[..., str], tmp_path: Path) -> None:
    shoal("run", "task_templates/table.yaml", "-s", "local", "--out", str(tmp_path))
    with LOANS.open() as lines:
        loans = list(csv.DictReader(lines))
    found = [(loan, costs(Decimal(loan["principal"]), Decimal(loan["percent"]), int(loan["months"]))) for loan in loans]
    lines = [f"{loan['loan']},{payment},{interest}" for loan, (payment, interest) in found]
    merged = (tmp_path / "merge/merge/payments.csv").read_text()
    assert merged == table(lines)
    assert len(merged.splitlines()) == 502
