"""Random durations, and the forms in which people write them."""

from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, PlainValidator

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault


class Distribution(Protocol):
    def sample(self, random: Random) -> float: ...


@dataclass(frozen=True, slots=True)
class Constant:
    value: float

    def __post_init__(self) -> None:
        _require(self.value >= 0, f"{self.value:g} is negative; it must be at least 0")

    def sample(self, random: Random) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    low: float
    high: float

    def __post_init__(self) -> None:
        _require(0 <= self.low <= self.high, f"uniform: [{self.low:g}, {self.high:g}] needs 0 <= low <= high")

    def sample(self, random: Random) -> float:
        return random.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Exponential:
    mean: float

    def __post_init__(self) -> None:
        _require(self.mean > 0, f"exponential: {self.mean:g} must be a positive mean")

    def sample(self, random: Random) -> float:
        return random.expovariate(1 / self.mean)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Most values below twice the median, a few far above: typical run times of real jobs."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _require(self.median > 0 and self.sigma >= 0, "lognormal needs a positive median and a sigma of at least 0")

    def sample(self, random: Random) -> float:
        return self.median * random.lognormvariate(0, self.sigma)


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _require(bool(self.values) and min(self.values) >= 0, "a choice needs values, none of them negative")
        fits = self.weights is None or (len(self.weights) == len(self.values) and sum(self.weights) > 0)
        _require(fits, "a choice needs as many weights as values, or none")

    def sample(self, random: Random) -> float:
        return random.choices(self.values, self.weights)[0]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputFault(message)


FOREVER = 10**9
"""Seconds; longer than any simulation."""


def whole(amount: float) -> int:
    """Round to whole seconds, FOREVER at most."""
    return round(min(amount, FOREVER))


def written_amount(value: Any) -> float:
    """Read a number, or a duration such as `5m` in seconds."""
    match value:
        case str():
            return parse_duration(value).total_seconds()
        case int() | float() if not isinstance(value, bool):  # to Python, true is an int
            return float(value)
        case _:
            raise InputFault("a duration must be a text such as 5m or a number of seconds")


def written_distribution(value: Any) -> Distribution:
    """Read one amount, or {uniform: [a, b]}, {exponential: mean}, {lognormal: [median, sigma]}, {choice: [a, b, …]}."""
    match value:
        case {"uniform": [low, high], **rest} if not rest:
            return Uniform(written_amount(low), written_amount(high))
        case {"exponential": mean, **rest} if not rest:
            return Exponential(written_amount(mean))
        case {"lognormal": [median, int() | float() as sigma], **rest} if not rest:
            return LogNormal(written_amount(median), float(sigma))
        case {"choice": list(), **rest} if set(rest) <= {"weights"}:
            weights = tuple(written_amount(weight) for weight in value["weights"]) if rest else None
            return Choice(tuple(written_amount(one) for one in value["choice"]), weights)
        case dict():
            raise InputFault("write uniform: [a, b], exponential: mean, lognormal: [median, sigma], choice: [a, b]")
        case _:
            return Constant(written_amount(value))


MOST_EXIT_CODE = 255


def written_exit_code(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_EXIT_CODE:
        return value
    raise InputFault(f"an exit code must be a whole number from 0 to {MOST_EXIT_CODE}, or drawn by choice: [0, 1]")


def written_exit_codes(value: Any) -> Distribution:
    """Read one exit code, or {choice: [a, b, …]}, with weights or without."""
    match value:
        case {"choice": list() as codes, **rest} if set(rest) <= {"weights"}:
            # Its values are times there, of which exit codes are some.
            return written_distribution({"choice": [written_exit_code(code) for code in codes], **rest})
        case _:
            return Constant(written_exit_code(value))


Seconds = Annotated[int, BeforeValidator(lambda value: round(written_amount(value)))]
Drawn = Annotated[Distribution, PlainValidator(written_distribution)]
DrawnExitCode = Annotated[Distribution, PlainValidator(written_exit_codes)]
