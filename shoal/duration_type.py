"""The type of a duration in files that people write, for pydantic models."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from shoal.autoscale.durations import EXAMPLES, FORMS, parse_duration
from shoal.autoscale.errors import InputFault


def _read(value: object) -> object:
    """Text in either form; a bare number is left to pydantic, which takes it as seconds."""
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except InputFault as exc:
        raise PydanticCustomError("duration", "it must be a duration such as {forms}", {"forms": FORMS}) from exc


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A duration, in ISO 8601 (PT10M, P1DT2H) or short (10m, 1h30m, 90s, 2d).",
            "examples": [*EXAMPLES, "2d"],
        }
    ),
]
