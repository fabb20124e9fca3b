"""Azure's errors in one sentence each, with the next step; docs/errors.md shows the tables as one.

Pure: the text of a failure in, words out. What Azure itself said is always kept, below the sentence.
"""

from collections.abc import Iterable

from shoal.azure_errors import access, names, pools, quotas, requests, subscriptions
from shoal.azure_errors.known import KnownError, codes, unwrapped

KNOWN: tuple[KnownError, ...] = (
    *access.ERRORS,
    *subscriptions.ERRORS,
    *quotas.ERRORS,
    *names.ERRORS,
    *pools.ERRORS,
    *requests.ERRORS,
)
"""The first that fits is told: of two for one code, the one that asks for more stands first."""


def explained(text: str) -> str | None:
    """One sentence for what Azure refused; None for what is not known."""
    known = recognized(text)
    return None if known is None else known.sentence(unwrapped(text))


def recognized(text: str) -> KnownError | None:
    line, present = unwrapped(text), codes(text)
    return next((error for error in KNOWN if error.fits(line, present)), None)


def told(errors: Iterable[str]) -> str:
    """Each sentence once, above the errors that it explains, which are indented; what is not known stays as it is."""
    explanations: dict[str | None, list[str]] = {}
    for error in errors:
        explanations.setdefault(explained(error), []).append(error)
    return "\n".join(_block(sentence, originals) for sentence, originals in explanations.items())


def _block(sentence: str | None, originals: list[str]) -> str:
    if sentence is None:
        return "\n".join(originals)
    return "\n".join([sentence, *(f"  {line}" for original in originals for line in original.splitlines())])
