"""Builders of samples and of evaluations."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shoal.autoscale import Evaluation, PoolSnapshot, SampleHistory, compile_formula, evaluate, parse

NOW = datetime(2016, 10, 13, 19, 18, 47, 805000, tzinfo=UTC)
"""A Thursday; the moment of the documented example."""


def history(
    values: Mapping[str, Sequence[float | None]], *, now: datetime = NOW, delay: timedelta = timedelta(0)
) -> SampleHistory:
    """Samples 30 s apart, the last of each variable at `now`; None is a lost sample."""
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
    pool: PoolSnapshot | None = None,
    now: datetime = NOW,
    delay: timedelta = timedelta(0),
) -> Evaluation:
    samples = history(values or {}, now=now, delay=delay)
    return evaluate(compile_formula(parse(text)), time=now, samples=samples, pool=pool or PoolSnapshot())


def value(text: str, values: Mapping[str, Sequence[float | None]] | None = None) -> str:
    """Return the value of the expression, as Batch would print it."""
    evaluation = evaluated(f"x = {text};", values)
    assert evaluation.error is None, evaluation.error
    return evaluation.results.rpartition(";x=")[2]


def detail(text: str, values: Mapping[str, Sequence[float | None]] | None = None) -> str:
    """Return the code and the detail of the error with which the formula fails."""
    evaluation = evaluated(text, values)
    assert evaluation.error is not None
    return f"{evaluation.error.code}: {evaluation.error.detail}"
