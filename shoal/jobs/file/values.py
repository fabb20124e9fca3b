"""Values that keys of a job file take, and the mapping of known keys."""

import math
import re
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from shoal.duration_type import Duration

MAX_INTEGER = 2**31 - 1
"""Integers of Batch have 32 bits."""

S = TypeVar("S", bound=BaseModel)


def matching(pattern: str, meaning: str) -> tuple[AfterValidator, Any]:
    """Annotate text that has a pattern; `meaning` says it for those who do not read patterns."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("pattern", "it must be {meaning}", {"meaning": meaning})
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | float | bool):
        raise PydanticCustomError("scalar", "it must be text, a number, true or false")
    return _finite(value)


def _finite(value: Any) -> Any:
    """JSON, which ids and requests are made of, writes infinite numbers and NaN as null: they would be equal."""
    if isinstance(value, float) and not math.isfinite(value):
        sentence = "the value {number} is not a finite number; put quotes around it if it is text"
        raise PydanticCustomError("finite", sentence, {"number": str(value)})
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _finite(item)
    return value


def _number(value: object) -> object:
    try:
        float(value)  # type: ignore[arg-type]  # whatever it is
    except (TypeError, ValueError) as exc:
        raise PydanticCustomError("number", "it must be a number") from exc
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise PydanticCustomError("duration", "it must be longer than nothing")
    return value


Name = Annotated[str, *matching("[A-Za-z_][A-Za-z0-9_]*", "a name of letters, digits and _")]
# The checks come before the unions, of which pydantic would report one mistake for each member.
Scalar = Annotated[str | int | float | bool, BeforeValidator(_scalar)]
VariableName = Annotated[str, *matching("[^=\\x00]+", "a name without =")]
FiniteJson = Annotated[JsonValue, AfterValidator(_finite)]
Number = Annotated[int | float, BeforeValidator(_number)]
PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
OneOrMore = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    # The schema of a list alone would not show that one item may stand without brackets.
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One item, or a list of them."""


class JobFileSection(BaseModel):
    """A mapping of the job file, which holds known keys only."""

    # The strings below the fields become the descriptions in the published schema.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def exactly_one(section: S, *fields: str) -> S:
    """Return the section, which must have one of the fields."""
    given = [name for name in fields if getattr(section, name) is not None]
    if len(given) != 1:
        names = [type(section).model_fields[name].alias or name for name in fields]
        raise PydanticCustomError("one_of", "exactly one of {names} is needed here", {"names": ", ".join(names)})
    return section
