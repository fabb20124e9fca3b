"""Batch's words: the client gives them as members of enums, or as text where it does not know them."""

from enum import Enum


def word(value: str | Enum | None) -> str | None:
    return str(value.value) if isinstance(value, Enum) else value
