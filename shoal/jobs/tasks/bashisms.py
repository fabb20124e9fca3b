"""Constructs of bash that `/bin/sh` does not have on every image, recognized where they are certain."""

import re

# Text between single quotes, and escapes, are no syntax of this shell.
_TEXT = re.compile(r"'[^']*'|\\.", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=[\s;]))#[^\n]*")
_BASHISMS = {
    "[[ … ]]": r"(?:^|[;&|(\n]|\b(?:if|while|until|then|do|else|elif|!))\s*\[\[\s",
    "** across directories": r"(?:^|[\s/])\*\*/",
    "an array": r"(?:^|[\s;&|])[A-Za-z_]\w*\+?=\(",
    "<( … ) or >( … )": r"(?:^|\s)[<>]\(",
    "<<<": r"<<<",
    "set -o pipefail": r"\bset\s+(?:-[a-z]+\s+)*-[a-z]*o\s+pipefail\b",
    "{1..3}": r"(?:^|\s)[^\s{}\"$]*\{-?\w+\.\.-?\w+\}",
    "shopt": r"(?:^|[;&|(\n])\s*shopt\s",
    "source": r"(?:^|[;&|(\n])\s*source\s",
    "&> to redirect both": r"(?:^|\s)&>>?\s*\S",
    "(( … ))": r"(?:^|[;&|\n]|\b(?:if|while|for))\s*\(\(",
    "${name//a/b} or ${name^^}": r"\$\{\w+(?:/|\^|,)",
}


def bashisms(command: str) -> list[str]:
    """Return the constructs in a command of a job file that need bash."""
    text = _COMMENT.sub("", _TEXT.sub("''", command))
    return [name for name, pattern in _BASHISMS.items() if re.search(pattern, text)]
