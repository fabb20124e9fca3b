"""Inputs that a user gives to an evaluation: samples from a file, or one value for each variable.

A file is either CSV with a column `time` and one for each variable, or a JSON object of lists: the newest value stands
last, one sample period after the one before it. An empty cell or a null is a lost sample.
"""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from shoal.autoscale.errors import InputFault
from shoal.autoscale.evaluation import PoolSnapshot
from shoal.autoscale.samples import PERIOD, ConstantSamples, LayeredSamples, SampleHistory, Samples
from shoal.autoscale.ticks import parse_timestamp, to_datetime
from shoal.autoscale.variables import (
    CURRENT_DEDICATED,
    CURRENT_SPOT,
    SLOTS_PER_NODE,
    TARGET_DEDICATED,
    TARGET_SPOT,
    service_name,
)

_POOL_FIELDS = {
    TARGET_DEDICATED: "target_dedicated_nodes",
    TARGET_SPOT: "target_low_priority_nodes",
    CURRENT_DEDICATED: "current_dedicated_nodes",
    CURRENT_SPOT: "current_low_priority_nodes",
    SLOTS_PER_NODE: "task_slots_per_node",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    samples: Samples
    newest: datetime | None = None
    """Time of the newest sample, where the file gives it."""


def pool_state(assignments: Mapping[str, str]) -> PoolSnapshot:
    """Read targets, current nodes and slots from `{"TargetDedicatedNodes": "3", "PendingTasks": "12"}`."""
    pool = PoolSnapshot()
    for name, text in assignments.items():
        if field := _POOL_FIELDS.get(_full_name(name)):
            pool = replace(pool, **{field: int(_number(name, text))})
    return pool


def constant(assignments: Mapping[str, str]) -> Observations:
    """Return samples in which each assigned variable kept its value for a day."""
    values = {name: _number(name, text) for name, text in assignments.items()}
    sampled = {name: value for name, value in values.items() if _full_name(name) not in {TARGET_DEDICATED, TARGET_SPOT}}
    return Observations(samples=ConstantSamples(sampled))


def assigned(observations: Observations, assignments: Mapping[str, str]) -> Observations:
    """Give each assigned variable its one value instead of its observed past."""
    samples = LayeredSamples(constant(assignments).samples, observations.samples)
    return replace(observations, samples=samples)


def from_csv(text: str) -> Observations:
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or "time" not in rows[0]:
        raise InputFault("the samples have no column 'time', or no rows")
    samples = SampleHistory()
    moment = None
    for number, row in enumerate(rows, start=2):  # line 1 is the header
        if None in row:
            raise InputFault(f"line {number} of the samples has more cells than the header")
        moment = _moment(row.pop("time") or "", number)
        samples.record(moment, {name: _number(f"{name}, line {number}", cell) for name, cell in row.items() if cell})
    return Observations(samples=samples, newest=moment)


def from_json(text: str, *, time: datetime) -> Observations:
    """Read lists of values; the newest of each was sampled at `time`."""
    try:
        document: Any = json.loads(text)
    except ValueError as exc:
        raise InputFault(f"the samples are not JSON: {exc}") from exc
    if not isinstance(document, dict) or not all(isinstance(values, list) for values in document.values()):
        raise InputFault('samples in JSON map each variable to a list: {"PendingTasks": [3, null, 5]}')
    samples = SampleHistory()
    for name, values in document.items():
        for age, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
            if value is not None:
                samples.record(time - age * PERIOD, {name: _number(name, value)})
    return Observations(samples=samples, newest=time)


def moment_of(text: str) -> datetime:
    """Read a timestamp as people write it: ISO 8601 or RFC 1123; UTC where no zone is given."""
    try:
        return to_datetime(parse_timestamp(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InputFault(f"{text!r} is not a timestamp; write 2026-01-31T18:30:00Z") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _full_name(name: str) -> str:
    return service_name(name) or service_name(f"${name}") or name


def _moment(text: str, line: int) -> datetime:
    try:
        return moment_of(text)
    except InputFault as exc:
        raise InputFault(f"line {line} of the samples: {exc}") from exc


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputFault(f"{name} is {value!r}; it must be a number")
    return number
