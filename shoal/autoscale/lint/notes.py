"""Notes to the linter in the comments of a formula."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import from_timedelta
from shoal.autoscale.tokens import Comment

_NOTE = re.compile(r"shoal:\s*(\w*)\s*(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    off: frozenset[str] = frozenset()
    """Names of the rules that are switched off."""
    interval: int | None = None
    """Time between two evaluations, in ticks."""
    switches: tuple[tuple[Span, str], ...] = ()
    """Each name in an `off` note, with its place."""
    unreadable: tuple[tuple[Span, str], ...] = ()
    """Places and messages of notes that cannot be read."""

    def problems(self, rules: set[str]) -> Iterator[tuple[Span, str]]:
        """Yield place and message of each note that has no effect."""
        yield from self.unreadable
        for span, name in self.switches:
            if name not in rules:
                yield span, f"there is no rule {name}, so nothing is switched off"


def notes_of(comments: Iterable[Comment]) -> Notes:
    """Read `shoal: off RULE, RULE` and `shoal: every PT5M`."""
    interval: int | None = None
    switches: list[tuple[Span, str]] = []
    unreadable: list[tuple[Span, str]] = []
    for comment in comments:
        match _note(comment.text):
            case ("off", names) if names:
                switches += [(comment.span, name) for name in re.split(r"[\s,]+", names)]
            case ("every", duration):
                try:
                    interval = from_timedelta(parse_duration(duration))
                except InputFault as exc:
                    unreadable.append((comment.span, str(exc)))
            case (word, _):
                unreadable.append((comment.span, f"a note must be 'off RULE, RULE' or 'every PT5M', not {word!r}"))
    off = frozenset(name for _, name in switches)
    return Notes(off=off, interval=interval, switches=tuple(switches), unreadable=tuple(unreadable))


def _note(text: str) -> tuple[str, str] | None:
    match = _NOTE.fullmatch(text)
    return (match[1], match[2].strip().rstrip(",")) if match else None
