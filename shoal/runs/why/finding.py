"""A finding about a job, and a row of the decision table that makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from shoal.runs.why.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    sentence: str
    code: str = ""
    """The row that made it, for scripts."""
    evidence: tuple[str, ...] = ()
    step: str = ""
    """The next step, with its command. Empty where there is nothing to do."""
    blocks: int = 0
    """The tasks that cannot run because of it. 0 for what only slows the job down, or is as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    code: str
    situation: str
    """The situation in a few words, for the page and for lists."""
    find: Callable[[Evidence], Finding | None]
    """Return the finding without its code, or None where the situation is another one."""


def counted(number: int, noun: str, verb: str = "") -> str:
    """Return `1 task waits` or `2 tasks wait`; the verb is given as of one."""
    if number == 1:
        return f"1 {noun} {verb}".rstrip()
    plural = {"is": "are", "has": "have", "was": "were"}.get(verb, verb.removesuffix("s"))
    return f"{number} {noun}s {plural}".rstrip()


def several(names: list[str], most: int = 5) -> str:
    """Return the first names, and the number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
