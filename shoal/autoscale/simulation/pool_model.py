"""Settings of a simulated pool: its nodes, their prices, and the service around it.

People write the same records in YAML, with durations as texts such as `5m`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.distributions import Constant, Drawn, Seconds, Uniform
from shoal.azure.limits import TASK_SLOTS_PER_NODE

STRICT = ConfigDict(extra="forbid")

A_MONDAY_MORNING = datetime(2026, 1, 5, 8, tzinfo=UTC)
SOME_MINUTES_TO_BOOT = Uniform(120, 240)
HALF_A_MINUTE = Constant(30)
SOME_MINUTES_TO_RESTORE = Uniform(300, 900)

Moment = Annotated[datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))]
Nodes = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0)]


class Fill(Enum):
    """Rule for choosing the node of the next task. Source: REST reference, nodeFillType."""

    PACK = "pack"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of a node-hour, in any currency. The defaults are about those of four cores in Western Europe, 2026."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    dedicated: Rate = 0.20
    spot: Rate = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStep:
    """Number of nodes that a quota or a region allows, from `since` on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    since: Seconds
    nodes: Nodes


Quota = Nodes | tuple[LimitStep, ...]
"""Nodes that an account may have: one number, or its changes over time. A lower quota takes no node away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolModel:
    """Times are in seconds. The defaults are a pool of Spot nodes with a short start task, as `shoal` makes it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    task_slots_per_node: Annotated[int, Field(ge=1, le=TASK_SLOTS_PER_NODE)] = 4
    fill: Fill = Fill.PACK
    begin: Moment = A_MONDAY_MORNING
    """Date and time at second 0, for formulas that call time()."""
    evaluation_interval: Annotated[Seconds, Field(ge=1)] = 300
    boot: Drawn = SOME_MINUTES_TO_BOOT
    """Time from the decision to a node that runs tasks, without the start task."""
    start_task: Drawn = HALF_A_MINUTE
    sample_delay: Seconds = 30
    """Time until a sample can be read."""
    sample_loss: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of the samples that never arrive."""
    dedicated_nodes: Nodes = 0
    """Nodes that can take tasks at second 0."""
    spot_nodes: Nodes = 0
    dedicated_quota: Quota | None = None
    """Maximum number of nodes; None is no limit."""
    spot_quota: Quota | None = None
    spot_capacity: tuple[LimitStep, ...] = ()
    """Changes of the region's capacity; nodes beyond it are evicted."""
    evictions_per_node_hour: Rate = 0.0
    """Rate at which a Spot node is pre-empted, apart from changes of the capacity."""
    restore: Drawn = SOME_MINUTES_TO_RESTORE
    """Time from an eviction to the attempt to get the node back."""
    retention: Seconds = 7 * 86400
    """Time for which the files of a finished task keep a node under `retaineddata`."""
    prices: Prices = Prices()
    tail: Seconds = 2 * 3600
    """Time for which the pool is watched after the last task, unless it reaches zero nodes before."""
    limit: Annotated[Seconds, Field(ge=1)] = 7 * 86400
    """Time at which the simulation ends in any case."""

    def __post_init__(self) -> None:
        # Pydantic checks only what is read from YAML; a record made in Python would evaluate forever at one second.
        if self.evaluation_interval < 1:
            raise InputFault("the evaluation interval must be at least a second")

    def capacity(self, second: int) -> int | None:
        """Return the number of Spot nodes that the region has room for at that second; None is no limit."""
        return _in_force(self.spot_capacity, second)

    def spot_limit(self, second: int) -> int | None:
        """Return the number of Spot nodes that quota and capacity allow at that second; None is no limit."""
        limits = (_allowed(self.spot_quota, second), self.capacity(second))
        return min((limit for limit in limits if limit is not None), default=None)

    def dedicated_limit(self, second: int) -> int | None:
        return _allowed(self.dedicated_quota, second)


def _allowed(quota: Quota | None, second: int) -> int | None:
    return _in_force(quota, second) if isinstance(quota, tuple) else quota


def _in_force(steps: Sequence[LimitStep], second: int) -> int | None:
    begun = [step for step in steps if step.since <= second]
    return max(begun, key=lambda step: step.since).nodes if begun else None
