"""Read the values of a scenario from text: from the command line, or from a stack's configuration."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import time, timedelta
from enum import StrEnum
from typing import Any

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault
from shoal.autoscale.scenarios import SCENARIOS, Scenario
from shoal.autoscale.ticks import from_timedelta, interval_text


def scenario(name: str, parameters: Mapping[str, str]) -> Scenario:
    """Read a scenario's values. Raises InputFault, which names an unknown parameter or a wrong value."""
    if name not in SCENARIOS:
        raise InputFault(f"there is no scenario {name}; the scenarios are {', '.join(SCENARIOS)}")
    known = {field.name: field for field in fields(SCENARIOS[name])}
    for parameter in parameters:
        if parameter not in known:
            raise InputFault(f"{name} has no parameter {parameter}; it has {', '.join(known)}")
    return SCENARIOS[name](**{key: _read(known[key], text) for key, text in parameters.items()})


def described(name: str) -> list[tuple[str, str, str]]:
    """List the parameters of a scenario: name, default and meaning of each."""
    return [
        (field.name, _written(field.default if field.default is not MISSING else None), field.metadata["meaning"])
        for field in fields(SCENARIOS[name])
    ]


def _read(field: Field[Any], text: str) -> Any:
    try:
        # The default's type decides: annotations would have to be resolved, and unions taken apart.
        match field.default:
            case timedelta():
                return parse_duration(text)
            case time():
                return time.fromisoformat(text if ":" in text else f"{int(text):02d}:00")
            case frozenset():
                return frozenset(_weekday(day) for day in text.replace(",", " ").split())
            case float():
                return float(text)
            case StrEnum():
                return type(field.default)(text)
            # The default is none, so an example gives the type.
            case None if "example" in field.metadata:
                return parse_duration(text)
            case _:
                return int(text)
    # An InputFault is a ValueError, and its sentence says more than the one below.
    except InputFault:
        raise
    except ValueError as exc:
        raise InputFault(f"{field.name} is {text!r}; write it like {_written(field.default) or 20}") from exc


def _weekday(text: str) -> int:
    day = int(text)
    if not 0 <= day <= 7:
        raise ValueError(f"{day} is not a day of the week")
    return day % 7  # Sunday may be written as 0 or as 7


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case timedelta():
            return interval_text(from_timedelta(value))
        case time():
            return value.isoformat("minutes")
        case StrEnum():
            return value.value
        case frozenset():
            return ",".join(str(day) for day in sorted(value))
        case _:
            return f"{value:g}"
