"""Pools of simulated nodes: what a pool's metadata says of the times that boots and tasks take there.

A value is a speed, such as `60x`, or a YAML mapping in the words of `shoal autoscale simulate`:
`{speed: 1440x, boot: 3m, duration: {lognormal: [5m, 0.5]}}`. All times in it are virtual: they pass `speed` times as
fast. Draws follow from the seed and from what they are for, so they are the same after a restart.
"""

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Annotated, Any, ClassVar, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.description import sentence
from shoal.autoscale.simulation.distributions import FOREVER, Constant, Distribution, Drawn, DrawnExitCode, whole
from shoal.autoscale.simulation.pool_model import (
    HALF_A_MINUTE,
    SOME_MINUTES_TO_BOOT,
    SOME_MINUTES_TO_RESTORE,
    STRICT,
)
from shoal.autoscale.simulation.simulated_names import METADATA, VARIABLE

MOST_SPEED = 3600
"""An hour in a second."""
MOST_EVICTIONS = 3600
MINUTE_A_SECOND = 60.0
FIVE_MINUTES = Constant(300)
ALWAYS_0 = Constant(0)

T = TypeVar("T")


def _speed(value: Any) -> Any:
    return value.removesuffix("x") if isinstance(value, str) else value


Speed = Annotated[float, BeforeValidator(_speed), Field(ge=1, le=MOST_SPEED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPool:
    """Times are in virtual seconds."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    speed: Speed = MINUTE_A_SECOND
    boot: Drawn = SOME_MINUTES_TO_BOOT
    """Time from the decision to a node that runs tasks, without the start task."""
    start_task: Drawn = HALF_A_MINUTE
    """Duration of start tasks, of job preparation and release tasks, and of coordination commands."""
    duration: Drawn = FIVE_MINUTES
    exit_code: DrawnExitCode = ALWAYS_0
    evictions_per_node_hour: Annotated[float, Field(ge=0, le=MOST_EVICTIONS)] = 0.0
    restore: Drawn = SOME_MINUTES_TO_RESTORE
    """Time from an eviction to the attempt to get the node back."""
    seed: int = 0

    def draw(self, distribution: Distribution, subject: str) -> float:
        return _bounded(distribution, self._random(subject))

    def time_to_eviction(self, subject: str) -> float | None:
        """Return how long a Spot node stays, or None where none is evicted."""
        if not self.evictions_per_node_hour:
            return None
        return self._random(subject).expovariate(self.evictions_per_node_hour / 3600)

    def run(self, declared: str | None, subject: str) -> tuple[float, int]:
        """Return the duration and the exit code of a run of a task. Raises InputFault."""
        own = UNDECLARED if declared is None else declared_run(declared)
        random = self._random(subject)
        duration = _bounded(own.duration or self.duration, random)
        return duration, whole(_bounded(own.exit_code or self.exit_code, random))

    def _random(self, subject: str) -> Random:
        return Random(f"{self.seed} {subject}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRun:
    """The duration and exit code that a task declares for its runs; None takes the pool's."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    duration: Drawn | None = None
    exit_code: DrawnExitCode | None = None


UNDECLARED = DeclaredRun()


@lru_cache
def simulated_pool(value: str) -> SimulatedPool:
    """Read the value of the metadata. Raises InputFault, which is one sentence."""
    document = _parsed(value, METADATA, "60x or {speed: 60x, duration: 5m}")
    return _read(SimulatedPool, document if isinstance(document, dict) else {"speed": document}, METADATA)


@lru_cache(maxsize=4096)
def declared_run(value: str) -> DeclaredRun:
    """Read the value of the environment setting. Raises InputFault, which is one sentence."""
    document = _parsed(value, VARIABLE, "5m or {duration: 5m, exit_code: 1}")
    return _read(DeclaredRun, document if isinstance(document, dict) else {"duration": document}, VARIABLE)


def _bounded(distribution: Distribution, random: Random) -> float:
    try:
        return min(distribution.sample(random), FOREVER)
    except OverflowError:  # a lognormal with a large sigma
        return FOREVER


def _parsed(value: str, name: str, example: str) -> Any:
    try:
        document = yaml.safe_load(value)
    except yaml.YAMLError:
        document = None
    if not isinstance(document, str | int | float | dict) or isinstance(document, bool):
        raise InputFault(f"{name} is {value!r}; write {example}")
    return document


def _read(kind: type[T], document: dict[str, Any], name: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(document)
    except ValidationError as exc:
        raise InputFault(f"{name}: {'; '.join(sentence(error) for error in exc.errors())}") from exc
