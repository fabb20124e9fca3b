import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk import bootstrap_losses, expected_shortfall, log_returns, value_at_risk

HUNDRED = [n / 100 for n in range(1, 101)]

samples = st.lists(st.floats(min_value=-10, max_value=1, allow_subnormal=False), min_size=1, max_size=200).map(sorted)
confidences = st.decimals(min_value="0.001", max_value="0.999", places=3).map(Fraction)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [("0.95", 0.95), ("0.951", 0.96), ("0.99", 0.99), ("0.995", 1.00), ("0.07", 0.07), ("0.5", 0.50)],
)
def test_value_at_risk_of_a_hundred_even_losses_is_the_one_of_that_rank(confidence: str, expected: float) -> None:
    assert value_at_risk(HUNDRED, Fraction(confidence)) == expected


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        ("0.95", (0.96 + 0.97 + 0.98 + 0.99 + 1.00) / 5),
        ("0.99", 1.00),
        ("0.985", (1.00 + 0.5 * 0.99) / 1.5),
    ],
)
def test_expected_shortfall_of_a_hundred_even_losses_is_the_mean_of_the_tail(confidence: str, expected: float) -> None:
    assert expected_shortfall(HUNDRED, Fraction(confidence)) == pytest.approx(expected, rel=1e-12)


@given(samples, confidences)
def test_value_at_risk_is_the_smallest_loss_with_enough_probability_below(
    losses: list[float], confidence: Fraction
) -> None:
    border = value_at_risk(losses, confidence)
    assert Fraction(sum(loss <= border for loss in losses), len(losses)) >= confidence
    assert Fraction(sum(loss < border for loss in losses), len(losses)) < confidence


@given(samples, confidences)
def test_value_at_risk_never_exceeds_the_expected_shortfall(losses: list[float], confidence: Fraction) -> None:
    assert value_at_risk(losses, confidence) <= expected_shortfall(losses, confidence) <= losses[-1] + 1e-9


@given(samples, confidences, confidences)
def test_both_risks_rise_with_the_confidence(losses: list[float], one: Fraction, other: Fraction) -> None:
    low, high = sorted([one, other])
    assert value_at_risk(losses, low) <= value_at_risk(losses, high)
    assert expected_shortfall(losses, low) <= expected_shortfall(losses, high) + 1e-9


def test_log_returns_add_up_to_the_whole_rise() -> None:
    returns = log_returns([80.0, 100.0, 60.0])
    assert returns == [math.log(1.25), math.log(0.6)]
    assert sum(returns) == pytest.approx(math.log(60 / 80))


def test_a_share_that_falls_by_half_each_month_loses_three_quarters_in_two() -> None:
    losses = bootstrap_losses(log_returns([8.0, 4.0, 2.0]), horizon=2, paths=5, seed=1)
    assert losses == pytest.approx([0.75] * 5)


def test_losses_are_as_many_as_the_paths_and_sorted() -> None:
    losses = bootstrap_losses([0.1, -0.2, 0.05], horizon=3, paths=1_000, seed=7)
    assert len(losses) == 1_000
    assert losses == sorted(losses)


def test_the_same_seed_gives_the_same_losses_and_another_seed_others() -> None:
    returns = [0.1, -0.2, 0.05, 0.01]
    first = bootstrap_losses(returns, horizon=3, paths=100, seed=7)
    assert bootstrap_losses(returns, horizon=3, paths=100, seed=7) == first
    assert bootstrap_losses(returns, horizon=3, paths=100, seed=8) != first


def test_simulated_mean_agrees_with_the_resampled_history() -> None:
    """With one month a path, each loss is one of the history's own, each about as often as it was drawn."""
    losses = bootstrap_losses([math.log(0.5), math.log(2.0)], horizon=1, paths=10_000, seed=3)
    assert {round(loss, 9) for loss in losses} <= {0.5, -1.0}
