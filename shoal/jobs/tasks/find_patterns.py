"""Patterns of files, translated for `find -regex`."""

import re


def find_regex(pattern: str) -> str:
    """Translate a pattern of files for `find`: `*` within a directory, `**` across directories."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    translated = {"**/": r"\(.*/\)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(translated.get(part) or find_literal(part) for part in parts)


def find_literal(text: str) -> str:
    """Escape text in the way that all of find's dialects read."""
    return re.sub(r"[.*+?$\[]", r"[\g<0>]", text).replace("^", r"\^")
