"""Value at risk by bootstrap. Pure: no files, no arguments, and the same seed gives the same figures anywhere.

Two things keep the figures equal in all versions of Python: draws come from `Random.random()`, the only method whose
sequence the library promises to keep, and sums are exact (`fsum`).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, expm1, fsum, log
from random import Random
from typing import Callable, Sequence


def log_returns(prices: Sequence[float]) -> list[float]:
    return [log(later / earlier) for earlier, later in zip(prices, prices[1:])]


def bootstrap_losses(returns: Sequence[float], *, horizon: int, paths: int, seed: int) -> list[float]:
    """Return losses over `horizon` months as fractions of the position, the worst last; a gain is a negative loss.

    The history is resampled once before the paths are drawn from it. So the spread over the seeds shows the uncertainty
    of a history of this length, not only the noise of the simulation.
    """
    random = Random(seed).random
    history = _draws(returns, len(returns), random)
    drawn = iter(_draws(history, paths * horizon, random))
    return sorted(-expm1(fsum(path)) for path in zip(*[drawn] * horizon))


def value_at_risk(losses: Sequence[float], confidence: Fraction) -> float:
    """Return the smallest of the sorted losses that is not exceeded with at least this probability."""
    return losses[_rank(losses, confidence) - 1]


def expected_shortfall(losses: Sequence[float], confidence: Fraction) -> float:
    """Return the mean of the worst `1 - confidence` of the sorted losses: value at risk plus mean excess over it.

    Source: Rockafellar and Uryasev, Conditional value-at-risk for general loss distributions (2002), theorem 10.
    """
    border = value_at_risk(losses, confidence)
    excess = fsum(loss - border for loss in losses[_rank(losses, confidence) :])
    return border + excess / float((1 - confidence) * len(losses))


def _draws(values: Sequence[float], count: int, random: Callable[[], float]) -> list[float]:
    size = len(values)
    return [values[int(random() * size)] for _ in range(count)]


def _rank(losses: Sequence[float], confidence: Fraction) -> int:
    return ceil(confidence * len(losses))
