"""The parts of a rule: a name, a reason, settings, and a pure function on the resources that a program declares."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

Inputs = Mapping[str, Any]
"""Inputs of a resource, named as azure-native names them."""
VERSION = re.compile(r"^(azure-native:\w+)/v\w+:")

POOL = "azure-native:batch:Pool"
POOL_UPDATE = "shoal:index:PoolUpdate"
"""The part of a pool that changes in place, registered before the pool, which ignores changes of it."""
BATCH_ACCOUNT = "azure-native:batch:BatchAccount"
STORAGE_ACCOUNT = "azure-native:storage:StorageAccount"


class Level(StrEnum):
    """Effect of a violation. Source: Pulumi, enforcement levels."""

    MANDATORY = "mandatory"
    """A violation ends the deployment."""
    ADVISORY = "advisory"
    """A violation is a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A number that a rule can be configured with."""

    name: str
    default: float
    meaning: str
    minimum: float = 0
    maximum: float | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema with which Pulumi checks a pack's configuration."""
        kind = "integer" if isinstance(self.default, int) else "number"
        limits = {"minimum": self.minimum} | ({} if self.maximum is None else {"maximum": self.maximum})
        return {"type": kind, "default": self.default, "description": self.meaning, **limits}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    settings: Mapping[str, float]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A resource of a stack."""

    type: str
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRule:
    """A rule on each resource of some types."""

    name: str
    reason: str
    level: Level
    types: tuple[str, ...]
    violations: Callable[[str, Inputs, Circumstances], Iterable[str]]
    """Function from the type and the inputs of one resource to violations: the problem, and the way to fix it."""
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRule:
    """A rule on a stack as a whole."""

    name: str
    reason: str
    level: Level
    violations: Callable[[Sequence[Declared], Circumstances], Iterable[str]]
    settings: tuple[Setting, ...] = ()


def plain_type(token: str) -> str:
    """Remove the API version from a resource type, where a program names one."""
    return VERSION.sub(r"\1:", token)


@dataclass(frozen=True, slots=True)
class WithoutIgnored(Mapping[str, Any]):
    """Inputs without those that a program ignores: such a one is what it was when the resource was made.

    It reads no value by itself, because a preview may not know it.
    """

    inputs: Inputs
    ignored: Collection[str]

    def __getitem__(self, name: str) -> Any:
        if name in self.ignored:
            raise KeyError(name)
        return self.inputs[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.inputs if name not in self.ignored)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def circumstances(rule: ResourceRule | StackRule, configured: Mapping[str, Any], today: date) -> Circumstances:
    """Return the rule's settings, with defaults for those that are not configured, and the date."""
    settings = {setting.name: configured.get(setting.name, setting.default) for setting in rule.settings}
    return Circumstances(settings=settings, today=today)
