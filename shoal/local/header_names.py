"""The names of answers' headers in Azure's capitals, for clients that compare them with case.

Source: azure-batch 11.2 for Java reads `Content-Length` from a file's answer.
"""

from collections.abc import Sequence


class HeaderName(bytes):
    """A name that is compared without case and keeps its capitals, though uvicorn lowers all names that it writes."""

    __slots__ = ()

    def lower(self) -> "HeaderName":
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, bytes) and bytes.lower(self) == bytes.lower(other)

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


SPELLINGS = {
    text.lower().encode(): HeaderName(text.encode())
    for text in (
        "Azure-AsyncOperation",
        "Content-Length",
        "Content-Type",
        "DataServiceId",
        "DataServiceVersion",
        "ETag",
        "Last-Modified",
        "Location",
        "Retry-After",
        "WWW-Authenticate",
    )
}
"""By the name in small letters. All others are in small letters in Azure, too."""


def capitalized(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers, whose names Starlette lowers, under their names in Azure."""
    return [(SPELLINGS.get(name, name), value) for name, value in headers]
