"""Random points that fill their space evenly, by scipy's quasi-Monte Carlo, which is an extra."""

import math
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

from shoal.errors import BadInput
from shoal.jobs.file.sweep_spec import Draw, Draws, Method

AT_ONCE = 1024
"""Points of a Sobol sequence that are made together. A power of two, as scipy asks for the first ones."""
_SMALLEST = 2.0**-53
"""Stands for 0, which no normal number has below it."""


def rows(draws: Draws) -> Iterator[dict[str, Any]]:
    """Draw the points. Raises BadInput where scipy is not installed."""
    quantiles = {name: _quantile(draw) for name, draw in draws.axes.items()}
    for numbers in _numbers(draws):
        yield {name: quantile(number) for (name, quantile), number in zip(quantiles.items(), numbers, strict=True)}


def _numbers(draws: Draws) -> Iterator[list[float]]:
    """Return points between 0 and 1. A longer Sobol sequence begins with the shorter; a Latin hypercube is another."""
    try:
        from numpy.random import default_rng
        from scipy.stats import qmc
    except ImportError as exc:
        raise BadInput(
            f"`method: {draws.method}` needs scipy; install it with `pip install 'shoal[sampling]'`"
        ) from exc
    generator = default_rng(abs(draws.seed) * 2 + (draws.seed < 0))  # numpy takes no seed below 0
    if draws.method is Method.LATIN_HYPERCUBE:
        yield from qmc.LatinHypercube(len(draws.axes), rng=generator).random(draws.draws).tolist()
        return
    sequence = qmc.Sobol(len(draws.axes), rng=generator)
    for first in range(0, draws.draws, AT_ONCE):
        yield from sequence.random(AT_ONCE)[: draws.draws - first].tolist()


def _quantile(draw: Draw) -> Callable[[float], Any]:
    """Return the function that gives a number between 0 and 1 its distribution."""
    if draw.uniform:
        low, high = draw.uniform
        return lambda number: low + (high - low) * number
    if draw.log_uniform:
        low, high = map(math.log, draw.log_uniform)
        return lambda number: math.exp(low + (high - low) * number)
    if draw.normal:
        normal = NormalDist(*draw.normal)
        return lambda number: normal.inv_cdf(max(number, _SMALLEST))
    if draw.integers:
        first, last = draw.integers
        return lambda number: first + int((last - first + 1) * number)
    choices = draw.choice or []
    return lambda number: choices[int(len(choices) * number)]
