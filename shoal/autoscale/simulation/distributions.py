"""How long things take, when it is not always the same; and how a person writes that."""

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
        _require(self.value >= 0, f"a constant of {self.value:g} is negative")

    def sample(self, random: Random) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    low: float
    high: float

    def __post_init__(self) -> None:
        _require(0 <= self.low <= self.high, f"a range from {self.low:g} to {self.high:g} is not one")

    def sample(self, random: Random) -> float:
        return random.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Exponential:
    mean: float

    def __post_init__(self) -> None:
        _require(self.mean > 0, f"an exponential mean of {self.mean:g} is not positive")

    def sample(self, random: Random) -> float:
        return random.expovariate(1 / self.mean)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Most values below the median's double, a few far above: what run times of real jobs look like."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _require(self.median > 0 and self.sigma >= 0, "a log-normal needs a positive median and a sigma of at least 0")

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
"""Seconds; no simulation lasts so long."""


def whole(amount: float) -> int:
    """Rounded; what would never come to pass is at FOREVER."""
    return round(min(amount, FOREVER))


def written_amount(value: Any) -> float:
    """From a number, or a duration like `5m` in seconds."""
    match value:
        case str():
            return parse_duration(value).total_seconds()
        case int() | float() if not isinstance(value, bool):
            return float(value)
        case _:
            raise InputFault("a duration is a text like 5m or a number of seconds")


def written_distribution(value: Any) -> Distribution:
    """From one amount, or {uniform: [a, b]}, {exponential: mean}, {lognormal: [median, sigma]}, {choice: [a, b, …]}."""
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


Seconds = Annotated[int, BeforeValidator(lambda value: round(written_amount(value)))]
Drawn = Annotated[Distribution, PlainValidator(written_distribution)]
