"""Explanations of Azure's errors: one sentence each, with the next step. docs/errors.md shows them all in one table.

Pure: the text of a failure in, text out. Azure's own message is always kept, below the sentence.
"""

from collections.abc import Iterable

from shoal.azure_errors import access, names, pool_errors, quotas, requests, subscriptions
from shoal.azure_errors.known import KnownError, codes, unwrapped

KNOWN: tuple[KnownError, ...] = (
    *access.ERRORS,
    *subscriptions.ERRORS,
    *quotas.ERRORS,
    *names.ERRORS,
    *pool_errors.ERRORS,
    *requests.ERRORS,
)
"""The first entry that fits is used, so of two with one code the more specific one stands first."""


def explained(text: str) -> str | None:
    """Return the sentence that explains an error of Azure, or None for an unknown one."""
    known = recognized(text)
    return None if known is None else known.sentence(unwrapped(text))


def recognized(text: str) -> KnownError | None:
    """Return the known error that the text of a failure is, or None."""
    line, present = unwrapped(text), codes(text)
    return next((error for error in KNOWN if error.fits(line, present)), None)


def with_explanations(errors: Iterable[str]) -> str:
    """Put each explanation once above its errors, which are indented; unknown errors stay as they are."""
    explanations: dict[str | None, list[str]] = {}
    for error in errors:
        explanations.setdefault(explained(error), []).append(error)
    return "\n".join(_block(sentence, originals) for sentence, originals in explanations.items())


def _block(sentence: str | None, originals: list[str]) -> str:
    if sentence is None:
        return "\n".join(originals)
    return "\n".join([sentence, *(f"  {line}" for original in originals for line in original.splitlines())])
