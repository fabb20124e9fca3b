"""Suggestions for unknown words. Imports nothing of the project, so that every room may use it."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known word that is most like it, or None where none is alike; likeness goes from 0 to 1."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=likeness)), None)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `did you mean command?` where a known word is near, else the list of known words."""
    names = sorted(known)
    if near := nearest(word, names):
        return f"did you mean {near}?"
    return f"known are {', '.join(names)}" if names else "there are none"
