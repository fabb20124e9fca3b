"""What to say about a word that is not known."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'command'?` where one is near, else what there is."""
    names = sorted(known)
    if near := difflib.get_close_matches(word, names, n=1):
        return f"did you mean '{near[0]}'?"
    return f"known are {', '.join(names)}" if names else "there are none"
