"""Types of arguments that several components share, each with its limits, and the ways to give a type its limits."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from shoal.autoscale.durations import FORMS, parse_duration
from shoal.autoscale.errors import InputFault
from shoal.autoscale.ticks import from_timedelta, interval_text
from shoal.azure.id_patterns import ACCOUNT_NAME, BATCH_ID, CONTAINER_NAME, SUBNET, NamePattern, arm_id_fault

from .argument_fault import ArgumentFault, Spelling


def without(fault: Callable[[str], str | None]) -> AfterValidator:
    """Limit text to what `fault` finds nothing wrong with; it returns the rule that is broken."""

    def check(value: str) -> str:
        if rule := fault(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def matching(pattern: str, description: str) -> AfterValidator:
    """Limit text to a pattern; `description` completes the sentence "it must be …"."""
    return without(NamePattern(pattern=re.compile(pattern), description=description).fault)


def or_empty(pattern: NamePattern, meaning: str) -> AfterValidator:
    """Limit text to a pattern, or to nothing, which means something too."""

    def fault(value: str) -> str | None:
        rule = pattern.fault(value)
        return f"{rule}, or empty for {meaning}" if value and rule else None

    return without(fault)


def adopted(kind: str) -> AfterValidator:
    """Limit text to the ARM id of something that exists, or to nothing."""
    return without(lambda value: arm_id_fault(value, kind) if value else None)


def keeping(faults: Callable[[Any, Spelling], Iterator[ArgumentFault]]) -> AfterValidator:
    """Limit a mapping to what keeps these rules, each broken one of which is a fault."""

    def check(value: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        if broken := tuple(faults(value, (info.context or {})["spelling"])):
            raise PydanticCustomError("faults", "it breaks rules", {"faults": broken})
        return value

    return AfterValidator(check)


def duration_text(duration: timedelta) -> str:
    """Return the duration in ISO 8601, as Azure takes it."""
    return interval_text(from_timedelta(duration))


def _iso(text: str) -> str:
    try:
        return duration_text(parse_duration(text))
    except InputFault as exc:
        raise ValueError(f"it must be a duration such as {FORMS}") from exc


NotEmpty = Annotated[str, Field(min_length=1)]
Duration = Annotated[str, AfterValidator(_iso)]
NonNegative = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
BatchId = Annotated[str, without(BATCH_ID.fault)]
AccountName = Annotated[str, without(ACCOUNT_NAME.fault)]
ContainerName = Annotated[str, without(CONTAINER_NAME.fault)]
SubnetId = Annotated[str, without(lambda value: arm_id_fault(value, SUBNET))]
