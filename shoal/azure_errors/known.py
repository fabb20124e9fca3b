"""An error that Azure is known to answer with, and its explanation. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

FIELD = re.compile(r"\{(\w+)\|([^}]*)\}")
WRAPPED = re.compile(r"\s+")
CODE = re.compile(
    r"""
      \b(?:error)?code\b [\\"']* \s*[:=]\s* [\\"']* (?P<named>\w+)  # Code="X", ERROR CODE: X, "code": "X", (Code: X)
    | \( (?P<enclosed>[A-Za-z]\w+) \)                              # (X) before or after the message
    | (?:\bwith\ error:\ |^|:\ ) (?P<leading>[A-Z]\w+) :           # X: the message
    | \b (?P<entra>AADSTS\d+) \b
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""Source: errors as written by azure-native, terraform, the az command, azure-core of Python and Go, and Batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    code: str
    """The code as Azure spells it; or words of the message, where a client refuses before there is a code."""
    meaning: str
    """The cause in one clause. `{region|the region}` is the region that the text names, or what follows the bar."""
    step: str
    """The next step, as a second clause of the same sentence, filled in the same way."""
    source: str
    when: str = ""
    """A pattern that the text must match, where the code alone is ambiguous."""
    finds: tuple[str, ...] = ()
    """Patterns whose named groups fill `meaning` and `step`."""

    def sentence(self, text: str) -> str:
        """Return the explanation of this error, with the names that its text mentions."""
        return self.filled(self._names_in(text))

    def filled(self, named: Mapping[str, str]) -> str:
        """Return the explanation with the given names."""
        return FIELD.sub(lambda field: named.get(field[1]) or field[2], f"{self.meaning}; {self.step}")

    def fits(self, text: str, codes: frozenset[str]) -> bool:
        """Return whether the text, which contains these codes, is this error."""
        present = self.code in text if " " in self.code else self.code.lower() in codes
        return present and (not self.when or re.search(self.when, text) is not None)

    def _names_in(self, text: str) -> dict[str, str]:
        matches = [match for match in (re.search(pattern, text) for pattern in (self.when, *self.finds)) if match]
        return {name: value for match in matches for name, value in match.groupdict().items() if value}


def codes(text: str) -> frozenset[str]:
    """Return everything in the text of an error that may be a code, in lower case."""
    return frozenset(code.lower() for match in CODE.finditer(text) for code in match.groups() if code)


def unwrapped(text: str) -> str:
    """Join the text into one line: clients wrap long messages."""
    return WRAPPED.sub(" ", text)
