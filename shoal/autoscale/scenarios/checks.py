"""Checks of the values of a scenario."""

from datetime import timedelta
from typing import Any

from shoal.autoscale.errors import InputFault


def no_negative_nodes(scenario: object, *names: str) -> None:
    for name in names:
        at_least(0, scenario, name)


def at_least(limit: float | timedelta, scenario: object, name: str) -> None:
    """Raises InputFault where the value is smaller than the limit; None passes."""
    value: Any = getattr(scenario, name)
    if value is not None and value < limit:
        raise InputFault(f"{name} is {value}; it must be at least {limit}")
