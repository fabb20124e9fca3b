"""A mapping of the stack's configuration, and the types that several of them share."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


def without(fault: Callable[[str], str | None]) -> AfterValidator:
    """Text of which nothing is wrong; `fault` says what it must be."""

    def check(value: str) -> str:
        if text := fault(value):
            raise ValueError(text)
        return value

    return AfterValidator(check)


def matching(pattern: str, words: str) -> AfterValidator:
    """Text of that pattern, which `words` puts for those who do not read patterns."""
    return without(lambda value: None if re.fullmatch(pattern, value) else f"it must be {words}")


AccountName = Annotated[
    str, matching(r"([a-z0-9]{3,24})?", "3 to 24 lower-case letters and digits, or empty for a derived name")
]
ResourceId = Annotated[str, matching(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, hyphens and underscores")]
"""Source: Batch's rule for the ids of pools and applications."""
NotEmpty = Annotated[str, Field(min_length=1)]
NodeCount = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Keys are spelt in camelCase in the stack's file; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
