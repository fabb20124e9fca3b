"""One error that Azure is known to answer a deployment with, and what is said of it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

FIELD = re.compile(r"\{(\w+)\|([^}]*)\}")
WRAPPED = re.compile(r"\s+")
CODE = re.compile(
    r"""
      \b(?:error)?code\b [\\"']* \s*[:=]\s* [\\"']* (?P<said>\w+)  # Code="X", ERROR CODE: X, "code": "X", (Code: X)
    | \( (?P<enclosed>[A-Za-z]\w+) \)                              # (X) before or after the message
    | (?:\bwith\ error:\ |^|:\ ) (?P<leading>[A-Z]\w+) :           # X: the message
    | \b (?P<entra>AADSTS\d+) \b
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""Source: how azure-native, terraform, the az command, azure-core of Python and Go, and Batch write an error down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    code: str
    """As Azure spells it; or words of the message, where a client refuses before there is a code."""
    meaning: str
    """One clause. `{region|the region}` is the region where the original names it, else what follows the bar."""
    step: str
    """What to do: the next clause of the same sentence, filled in the same way."""
    source: str
    when: str = ""
    """A pattern, where the code alone does not tell what is meant."""
    finds: tuple[str, ...] = ()
    """Patterns whose named groups fill meaning and step."""

    def sentence(self, text: str) -> str:
        """What is told of an error that this is."""
        return self.filled(self._named(text))

    def filled(self, named: Mapping[str, str]) -> str:
        return FIELD.sub(lambda field: named.get(field[1]) or field[2], f"{self.meaning}; {self.step}")

    def fits(self, text: str, codes: frozenset[str]) -> bool:
        """`codes` are those of the text."""
        present = self.code in text if " " in self.code else self.code.lower() in codes
        return present and (not self.when or re.search(self.when, text) is not None)

    def _named(self, text: str) -> dict[str, str]:
        found = [match for match in (re.search(pattern, text) for pattern in (self.when, *self.finds)) if match]
        return {name: value for match in found for name, value in match.groupdict().items() if value}


def codes(text: str) -> frozenset[str]:
    """What may be a code in the text of an error, in lower case."""
    return frozenset(code.lower() for match in CODE.finditer(text) for code in match.groups() if code)


def unwrapped(text: str) -> str:
    """On one line: clients wrap long messages."""
    return WRAPPED.sub(" ", text)
