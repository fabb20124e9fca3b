"""The application, as a program of its own."""

import pytest
from estimate import hits
from merge import table


def test_same_seed_gives_the_same_points_and_most_of_them_fall_into_the_circle() -> None:
    assert hits(10_000, seed=1) == hits(10_000, seed=1) != hits(10_000, seed=2)
    assert 4 * hits(10_000, seed=1) / 10_000 == pytest.approx(3.14, abs=0.1)


def test_table_has_a_line_for_each_seed_and_one_for_all() -> None:
    rows = table([{"seed": 2, "draws": 10, "hits": 9}, {"seed": 1, "draws": 10, "hits": 7}]).splitlines()
    assert rows == ["seed,draws,estimate", "1,10,2.800000", "2,10,3.600000", "all,20,3.200000"]
