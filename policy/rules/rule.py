"""What a rule is: a name, a reason, what it can be configured with, and a pure function on what a program declares."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

Inputs = Mapping[str, Any]
"""Of a resource, named as azure-native names them."""
VERSION = re.compile(r"^(azure-native:\w+)/v\w+:")

POOL = "azure-native:batch:Pool"
BATCH_ACCOUNT = "azure-native:batch:BatchAccount"
STORAGE_ACCOUNT = "azure-native:storage:StorageAccount"


class Level(StrEnum):
    """What a violation does. Source: Pulumi, enforcement levels."""

    MANDATORY = "mandatory"
    """It ends the deployment."""
    ADVISORY = "advisory"
    """It is a warning."""


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
        """JSON Schema, as Pulumi checks a pack's configuration by."""
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
class Rule:
    """Of each resource of some types."""

    name: str
    reason: str
    level: Level
    types: tuple[str, ...]
    violations: Callable[[str, Inputs, Circumstances], Iterable[str]]
    """From the type and the inputs of one resource: what is wrong, and what to do."""
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRule:
    """Of a stack as a whole."""

    name: str
    reason: str
    level: Level
    violations: Callable[[Sequence[Declared], Circumstances], Iterable[str]]
    settings: tuple[Setting, ...] = ()


def plain_type(token: str) -> str:
    """Without the version of the API that a program may name."""
    return VERSION.sub(r"\1:", token)


def circumstances(rule: Rule | StackRule, configured: Mapping[str, Any], today: date) -> Circumstances:
    settings = {setting.name: configured.get(setting.name, setting.default) for setting in rule.settings}
    return Circumstances(settings=settings, today=today)
