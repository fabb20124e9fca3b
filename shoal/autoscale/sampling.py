"""How the methods of sampled variables are carried out.

Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Obtain sample data. That a
window without a percentage wants 10 % is read off the error of the REST reference's example; that GetSample(n) is
content with fewer samples, off the live tests of the .NET client.
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
    """The variable used as a number: what the pool has now, or the newest sample."""
    if variable in {CURRENT_DEDICATED, CURRENT_SPOT, SLOTS_PER_NODE}:
        return lambda frame: frame.present[variable]

    def newest(frame: Frame) -> float:
        found = frame.samples.last(variable, 1, frame.now)
        if not found:
            raise _insufficient(f"{written} wanted 1 sample, received 0", span)
        return found[-1]

    return newest


def method(variable: str, written: str, name: str, arguments: list[tuple[Run, Type]], span: Span) -> Run:
    """The closure of `variable.name(arguments)`; the span is that of the variable."""
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
    given = arguments[-1][1] is Type.DOUBLE
    wanted: Run = arguments[-1][0] if given else _default_percent
    bounds = _bounds(arguments[:-1] if given else arguments, span)

    def run(frame: Frame) -> Sequence[float]:
        window = bounds(frame)
        found = _window(frame, variable, window)
        received, percent = _percent(frame, window, len(found)), wanted(frame)
        if received < percent:
            raise _insufficient(f"{written} wanted {percent:g}%, received {received:g}%", span)
        return found

    return run


def _default_percent(frame: Frame) -> float:
    return DEFAULT_PERCENT


def _newest(variable: str, count: Run, span: Span) -> Run:
    def run(frame: Frame) -> Sequence[float]:
        wanted = count(frame)
        if not 1 <= wanted < float("inf"):
            raise EvaluationFault(f"GetSample takes at least one sample, not {wanted:g}", span)
        return frame.samples.last(variable, int(wanted), frame.now)

    return run


def _history_begin(variable: str, written: str, span: Span) -> Run:
    def run(frame: Frame) -> int:
        begin = frame.samples.begin(variable, frame.now)
        if begin is None:
            raise _insufficient(f"{written} wanted 1 sample, received 0", span)
        return begin

    return run


def _bounds(arguments: list[tuple[Run, Type]], span: Span) -> Bounds:
    """Start and end of the window, in ticks. Look-backs count from now; two bounds may stand in either order."""
    moments = [_moment(run, type_) for run, type_ in arguments]
    first, last = moments[0], moments[-1]
    alone = len(moments) == 1

    def run(frame: Frame) -> tuple[int, int]:
        one, other = first(frame), frame.now if alone else last(frame)
        begin, end = (one, other) if alone or one <= other else (other, one)
        if begin >= end:
            raise EvaluationFault("the sample period is empty: it must reach into the past", span)
        return begin, end

    return run


def _moment(run: Run, type_: Type) -> Run:
    return run if type_ is Type.TIMESTAMP else lambda frame: frame.now - run(frame)


def _window(frame: Frame, variable: str, bounds: tuple[int, int]) -> Sequence[float]:
    return frame.samples.window(variable, bounds[0], bounds[1], frame.now)


def _percent(frame: Frame, bounds: tuple[int, int], received: int) -> float:
    possible = max(1, (bounds[1] - bounds[0]) // frame.samples.period)
    return min(100.0, 100.0 * received / possible)


def _insufficient(detail: str, span: Span) -> InsufficientSampleData:
    return InsufficientSampleData(f"Insufficient data from data set: {detail}", span)
