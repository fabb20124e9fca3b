"""Whole numbers in the body of a request."""

from collections.abc import Mapping
from typing import Any

from shoal.errors import BadInput


def whole_number(body: Mapping[str, Any], name: str, most: int | None = None) -> int:
    """Return a number from 0 to `most`. Raises BadInput."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (most is not None and value > most):
        allowed = "a whole number, 0 or more" if most is None else f"a whole number from 0 to {most}"
        raise BadInput(f"{name} is {value!r}; it must be {allowed}")
    return value
