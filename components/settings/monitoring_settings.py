"""Monitoring as the stack's configuration declares it."""

from typing import Annotated

from pydantic import Field, field_validator

from .section import Section, matching

Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address of mail")]
RetentionDays = Annotated[int, Field(ge=30, le=730)]
"""Source: azure-rest-api, WorkspaceProperties; plan PerGB2018."""


class Monitoring(Section):
    """What is not said is left out of the component's arguments, which has the defaults."""

    emails: tuple[Email, ...]
    retention_days: RetentionDays | None = None
    storage_logs: bool = False
    monthly_budget: Annotated[float, Field(ge=1)] | None = None

    @field_validator("emails")
    @classmethod
    def somebody_hears_of_it_once(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        if not emails:
            raise ValueError("it must name somebody")
        for email in emails:
            if emails.count(email) > 1:
                raise ValueError(f"{email} is named more than once")
        return emails
