"""The past that a formula can read: samples of the service's variables.

Batch takes a sample every 30 s; the newest ones may not have arrived yet, and some never arrive.
Source: "Create a formula to automatically scale compute nodes in a Batch pool", section Obtain sample data.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shoal.autoscale.errors import InputFault
from shoal.autoscale.ticks import DAY, from_datetime, from_timedelta
from shoal.autoscale.types import Type
from shoal.autoscale.variables import SERVICE_VARIABLES, service_name

PERIOD = timedelta(seconds=30)


class Samples(Protocol):
    """The past of every sampled variable, by full name (`$PendingTasks`), as seen at `now`. Times are ticks."""

    @property
    def period(self) -> int: ...

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        """Return the newest `count` samples of any age, oldest first; fewer where there are fewer."""

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        """Return the samples taken after `start` and up to `end`, oldest first."""

    def count(self, variable: str, now: int) -> int: ...

    def begin(self, variable: str, now: int) -> int | None:
        """Return when the oldest sample was taken."""


class SampleHistory:
    """Samples recorded by the scheduler or the simulator, or read from a file.

    `delay` is the time that a sample takes to arrive, `retention` the time that it is kept.
    """

    def __init__(
        self, *, period: timedelta = PERIOD, delay: timedelta = timedelta(0), retention: timedelta = timedelta(days=1)
    ) -> None:
        self.period = from_timedelta(period)
        self._delay = from_timedelta(delay)
        self._retention = from_timedelta(retention)
        self._series: dict[str, tuple[list[int], list[float]]] = {}

    def record(self, moment: datetime, values: Mapping[str, float]) -> None:
        """Add one sample of each variable given. Moments must not go backwards."""
        self.record_ticks(from_datetime(moment), values)

    def record_ticks(self, now: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            times, numbers = self._series.setdefault(metric_name(name), ([], []))
            if times and now < times[-1]:
                raise InputFault(f"a sample of {name} was recorded before an earlier one")
            times.append(now)
            numbers.append(float(value))
            # Deleting from the front of a list is slow: do it once in a retention rather than at every sample.
            if now - times[0] > 2 * self._retention:
                keep = bisect_left(times, now - self._retention)
                del times[:keep], numbers[:keep]

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        times, numbers = self._series.get(variable, ((), ()))
        arrived = bisect_right(times, now - self._delay)
        return numbers[max(0, arrived - count) : arrived]

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        times, numbers = self._series.get(variable, ((), ()))
        # bisect_right at both ends: a sample exactly at `start` is outside, one exactly at `end` inside.
        return numbers[bisect_right(times, start) : bisect_right(times, min(end, now - self._delay))]

    def count(self, variable: str, now: int) -> int:
        return bisect_right(self._series.get(variable, ((), ()))[0], now - self._delay)

    def begin(self, variable: str, now: int) -> int | None:
        times = self._series.get(variable, ((), ()))[0]
        return times[0] if times and times[0] <= now - self._delay else None


class ConstantSamples:
    """A past in which each variable kept one value for a day; `arrived` is the share of samples that arrived.

    The newest ones, of the time `late` in ticks, have not arrived yet.
    """

    def __init__(
        self, values: Mapping[str, float], *, period: timedelta = PERIOD, arrived: float = 1.0, late: int = 0
    ) -> None:
        self.period = from_timedelta(period)
        self._late = late
        self._arrived = arrived
        self._values = {metric_name(name): float(value) for name, value in values.items()}

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        known = min(count, self.count(variable, now))
        return [self._values[variable]] * known if known else []

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        inside = min(end, now - self._late) - max(start, now - DAY)
        return self.last(variable, max(0, int(inside // self.period * self._arrived)), now)

    def count(self, variable: str, now: int) -> int:
        return int(DAY // self.period * self._arrived) if variable in self._values else 0

    def begin(self, variable: str, now: int) -> int | None:
        # The window of a day leaves out its very start, so count() samples begin one period later.
        return now - DAY + self.period if variable in self._values else None


class LayeredSamples:
    """The samples of `upper` for the variables that it has, and those of `lower` for all others."""

    def __init__(self, upper: Samples, lower: Samples) -> None:
        self.period = lower.period
        self._upper, self._lower = upper, lower

    def last(self, variable: str, count: int, now: int) -> Sequence[float]:
        return self._layer(variable, now).last(variable, count, now)

    def window(self, variable: str, start: int, end: int, now: int) -> Sequence[float]:
        return self._layer(variable, now).window(variable, start, end, now)

    def count(self, variable: str, now: int) -> int:
        return self._layer(variable, now).count(variable, now)

    def begin(self, variable: str, now: int) -> int | None:
        return self._layer(variable, now).begin(variable, now)

    def _layer(self, variable: str, now: int) -> Samples:
        return self._upper if self._upper.count(variable, now) else self._lower


def metric_name(name: str) -> str:
    """Return the full name of a sampled variable, whose `$` may be left out. Raises InputFault for any other name."""
    full = service_name(name) or service_name(f"${name}")
    if full is None or SERVICE_VARIABLES[full].type is not Type.METRIC:
        sampled = ", ".join(key for key, variable in SERVICE_VARIABLES.items() if variable.type is Type.METRIC)
        raise InputFault(f"{name} is not a sampled variable; sampled ones: {sampled}")
    return full
