"""Random points: the same seed gives the same points, and a longer draw begins with those of a shorter one."""

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from shoal.jobs.file.sweep_spec import Draw, Draws


def rows(draws: Draws) -> Iterator[dict[str, Any]]:
    """Draw the points. Each axis has a stream of its own, so that adding an axis does not change the others."""
    streams = {name: _stream(draw, Random(f"{draws.seed}/{name}")) for name, draw in draws.axes.items()}
    for _ in range(draws.draws):
        yield {name: draw() for name, draw in streams.items()}


def _stream(draw: Draw, source: Random) -> Callable[[], Any]:
    if draw.uniform:
        low, high = draw.uniform
        return lambda: source.uniform(low, high)
    if draw.log_uniform:
        low, high = map(math.log, draw.log_uniform)
        return lambda: math.exp(source.uniform(low, high))
    if draw.normal:
        mean, deviation = draw.normal
        return lambda: source.gauss(mean, deviation)
    if draw.integers:
        first, last = draw.integers
        return lambda: source.randint(first, last)
    choices = draw.choice or []
    return lambda: source.choice(choices)
