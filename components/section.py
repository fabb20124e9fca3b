"""A mapping of the stack's configuration, and the types that several of them share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

AccountName = Annotated[str, Field(pattern=r"^([a-z0-9]{3,24})?$")]
"""Lower-case letters and digits, or empty for a derived one."""
ResourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Source: Batch's rule for the ids of pools and applications."""
NodeCount = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Keys are spelt in camelCase in the stack's file; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
