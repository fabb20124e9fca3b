"""A job file that was made from another tool's configuration, and what it lacks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from textwrap import wrap
from typing import Any

import yaml

from shoal.importers.source import Source

WIDTH = 110
SIGNATURE = re.compile(r"\?[^\s'\"]*\bsig=[^\s'\"]*")
"""The query of an address with a shared access signature, which is a secret and expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Part of a configuration that the job file does not have."""

    key: str
    reason: str
    """The reason, and where the setting belongs, if anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    job_id: str
    content: dict[str, Any]
    """The job file's values."""
    left_out: list[LeftOut] = field(default_factory=list)
    pool: dict[str, Any] | None = None
    """An entry of the stack's `shoal:pools`, where the configuration declares the pool."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Text of the tables that stand beside the job file, by file name."""

    def text(self, origin: str) -> str:
        """Return the job file as YAML; its first lines name the origin and what was left out."""
        notes = [f"Made from {origin}.", *(["Not carried over:"] if self.left_out else [])]
        for entry in self.left_out:
            notes += wrap(f"{entry.key}: {entry.reason}", WIDTH, initial_indent="- ", subsequent_indent="  ")
        if self.pool:
            notes += [
                "The pool, for `shoal:pools` in the stack's file:",
                *(f"  {line}" for line in _yaml([self.pool]).splitlines()),
            ]
        return "".join(f"# {note}\n" for note in notes) + _yaml(self.content)


def literal(text: str) -> str:
    """Return text of another tool as a template of a job file that renders to it."""
    for mark in ("{{", "{%", "{#"):
        if mark in text:
            # Jinja's own form for text with braces; it can hold anything but its own end.
            return (
                "{% raw %}" + text.replace("{% endraw %}", "{% endraw %}{{ '{% endraw %}' }}{% raw %}") + "{% endraw %}"
            )
    return text


def unsigned(text: str, key: str, left_out: list[LeftOut]) -> str:
    """Return text without the signatures of addresses in it, and list the key if it had one."""
    if SIGNATURE.search(text) is None:
        return text
    reason = "the signature of an address is a secret; name the blobs as inputs, which the nodes' identity reads"
    left_out.append(LeftOut(key=key, reason=reason))
    return SIGNATURE.sub("", text)


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not None, an empty text, list or mapping."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def rest(source: Source, reasons: Mapping[str, str], unknown: str) -> list[LeftOut]:
    """List the keys of a source that were not read, by the reason of the first pattern that fits, else `unknown`."""
    keys: dict[str, list[str]] = {}
    for key in source.rest():
        keys.setdefault(_reason(key, reasons) or unknown, []).append(key)
    return [LeftOut(key=", ".join(names), reason=reason) for reason, names in keys.items()]


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)


def _reason(key: str, reasons: Mapping[str, str]) -> str | None:
    return next((reason for pattern, reason in reasons.items() if fnmatchcase(key, pattern)), None)


class _Dumper(yaml.SafeDumper):
    """Lists in a mapping are indented, and short ones of plain values stand on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    plain = all(isinstance(item, str | int | float) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=plain)


_Dumper.add_representer(list, _sequence)
