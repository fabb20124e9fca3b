"""The methods of sampled variables, as closures.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Obtain sample data. A window
without a percentage needs 10 % of its samples: the error in the REST reference's example shows it. GetSample(n) accepts
fewer than n samples: the live tests of the .NET client show it.
"""

from collections.abc import Callable, Sequence

from shoal.autoscale.errors import EvaluationFault, InsufficientSampleData
from shoal.autoscale.frames import Frame
from shoal.autoscale.operators import Run
from shoal.autoscale.spans import Span
from shoal.autoscale.types import Type
from shoal.autoscale.variables import CURRENT_DEDICATED, CURRENT_SPOT, SLOTS_PER_NODE

DEFAULT_PERCENT = 10.0

Bounds = Callable[[Frame], tuple[int, int]]


def present_value(variable: str, written: str, span: Span) -> Run:
    """Return the closure of a variable used as a number: the pool's current value, or the newest sample."""
    if variable in {CURRENT_DEDICATED, CURRENT_SPOT, SLOTS_PER_NODE}:
        return lambda frame: frame.present[variable]

    def newest(frame: Frame) -> float:
        samples = frame.samples.last(variable, 1, frame.now)
        if not samples:
            raise _insufficient(f"{written} wanted 1 sample, received 0", span)
        return samples[-1]

    return newest


def method(variable: str, written: str, name: str, arguments: list[tuple[Run, Type]], span: Span) -> Run:
    """Return the closure of `variable.name(arguments)`; `span` is the place of the variable."""
    match name:
        case "GetSample":
            return _get_sample(variable, written, arguments, span)
        case "GetSamplePercent":
            bounds = _bounds(arguments, span)
            return lambda frame: _percent(frame, bounds(frame), len(_window(frame, variable, bounds(frame))))
        case "GetSamplePeriod":
            return lambda frame: frame.samples.period
        case "Count":
            return lambda frame: float(frame.samples.count(variable, frame.now))
        case _:
            return _history_begin(variable, written, span)


def _get_sample(variable: str, written: str, arguments: list[tuple[Run, Type]], span: Span) -> Run:
    if arguments[0][1] is Type.DOUBLE:
        return _newest(variable, arguments[0][0], span)
    has_percent = arguments[-1][1] is Type.DOUBLE
    required: Run = arguments[-1][0] if has_percent else _default_percent
    bounds = _bounds(arguments[:-1] if has_percent else arguments, span)

    def run(frame: Frame) -> Sequence[float]:
        window = bounds(frame)
        samples = _window(frame, variable, window)
        received, percent = _percent(frame, window, len(samples)), required(frame)
        if received < percent:
            raise _insufficient(f"{written} wanted {percent:g}%, received {received:g}%", span)
        return samples

    return run


def _default_percent(frame: Frame) -> float:
    return DEFAULT_PERCENT


def _newest(variable: str, count: Run, span: Span) -> Run:
    def run(frame: Frame) -> Sequence[float]:
        size = count(frame)
        if not 1 <= size < float("inf"):
            raise EvaluationFault(f"GetSample needs a count of at least 1, not {size:g}", span)
        return frame.samples.last(variable, int(size), frame.now)

    return run


def _history_begin(variable: str, written: str, span: Span) -> Run:
    def run(frame: Frame) -> int:
        begin = frame.samples.begin(variable, frame.now)
        if begin is None:
            raise _insufficient(f"{written} wanted 1 sample, received 0", span)
        return begin

    return run


def _bounds(arguments: list[tuple[Run, Type]], span: Span) -> Bounds:
    """Return the closure of the window's start and end, in ticks.

    Look-backs count from now; two bounds may come in either order.
    """
    moments = [_moment(run, type_) for run, type_ in arguments]
    first, last = moments[0], moments[-1]
    alone = len(moments) == 1

    def run(frame: Frame) -> tuple[int, int]:
        one, other = first(frame), frame.now if alone else last(frame)
        begin, end = (one, other) if alone or one <= other else (other, one)
        if begin >= end:
            raise EvaluationFault("the sample window is empty: it must reach into the past", span)
        return begin, end

    return run


def _moment(run: Run, type_: Type) -> Run:
    return run if type_ is Type.TIMESTAMP else lambda frame: frame.now - run(frame)


def _window(frame: Frame, variable: str, bounds: tuple[int, int]) -> Sequence[float]:
    return frame.samples.window(variable, bounds[0], bounds[1], frame.now)


def _percent(frame: Frame, bounds: tuple[int, int], received: int) -> float:
    # A window shorter than the period may still hold a sample, and one that is no multiple of it one more than fits.
    possible = max(1, (bounds[1] - bounds[0]) // frame.samples.period)
    return min(100.0, 100.0 * received / possible)


def _insufficient(detail: str, span: Span) -> InsufficientSampleData:
    return InsufficientSampleData(f"Insufficient data from data set: {detail}", span)
