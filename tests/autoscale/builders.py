"""Short ways to what the tests need."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shoal.autoscale import Evaluation, PoolState, SampleHistory, compile_formula, evaluate, parse

NOW = datetime(2016, 10, 13, 19, 18, 47, 805000, tzinfo=UTC)
"""A Thursday; the moment of the documented example."""


def history(
    values: Mapping[str, Sequence[float | None]], *, now: datetime = NOW, delay: timedelta = timedelta(0)
) -> SampleHistory:
    """Samples 30 s apart, the last of each variable at `now`; None is one that got lost."""
    samples = SampleHistory(delay=delay)
    for name, numbers in values.items():
        for age, number in zip(range(len(numbers) - 1, -1, -1), numbers, strict=True):
            if number is not None:
                samples.record(now - timedelta(seconds=30 * age), {name: number})
    return samples


def evaluated(
    text: str,
    values: Mapping[str, Sequence[float | None]] | None = None,
    *,
    pool: PoolState | None = None,
    now: datetime = NOW,
    delay: timedelta = timedelta(0),
) -> Evaluation:
    samples = history(values or {}, now=now, delay=delay)
    return evaluate(compile_formula(parse(text)), time=now, samples=samples, pool=pool or PoolState())


def value(text: str, values: Mapping[str, Sequence[float | None]] | None = None) -> str:
    """What the expression is, as Batch would print it."""
    found = evaluated(f"x = {text};", values)
    assert found.error is None, found.error
    return found.results.rpartition(";x=")[2]


def detail(text: str, values: Mapping[str, Sequence[float | None]] | None = None) -> str:
    """The message of the error with which the formula fails."""
    found = evaluated(text, values)
    assert found.error is not None
    return f"{found.error.code}: {found.error.detail}"
