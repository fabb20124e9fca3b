"""The page of figures, `docs/benchmarks.md`, and its chart. Pure: results in, text out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from measurement import LESS_IS_BETTER
from rows import NOT_MEASURED, ROWS

Result = Mapping[str, Any]
ALIKE = 0.05
"""Difference up to which neither of two is called better."""
LINE, LEFT, WIDTH = 26, 330, 840
FULL = 400
"""Width of a bar that is twice as good as the peer, or better."""


def page(record: Mapping[str, Any]) -> str:
    """Return the page for a record of `bench/run.py --page`."""
    by_name = {result["name"]: result for result in record["results"]}
    sections = dict.fromkeys(row.section for row in ROWS.values())
    return "\n".join([_head(record), *(_section(section, by_name) for section in sections), _tail(record, by_name)])


def chart(results: Sequence[Result]) -> str:
    """Return an SVG with a bar for each row that has a peer: how many times as good as the peer we are."""
    compared = [(result["name"], result["peer"], better) for result in results if (better := _times_as_good(result))]
    height = LINE * (len(compared) + 2)
    bars = "".join(_bar(number, *row) for number, row in enumerate(compared))
    peer = LEFT + FULL / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" '
        f'font-size="13"><title>Times as good as the peer of the same run</title><rect width="{WIDTH}" '
        f'height="{height}" fill="white"/>{bars}<line x1="{peer}" x2="{peer}" y1="6" y2="{height - LINE}" '
        f'stroke="black" stroke-dasharray="4"/><text x="{peer}" y="{height - 8}" text-anchor="middle">as good as the '
        "peer</text></svg>\n"
    )


def _bar(number: int, name: str, peer: str, better: float) -> str:
    top, length = 8 + number * LINE, round(min(better, 2.0) * FULL / 2)
    colour = "#2b7a4b" if better >= 1 - ALIKE else "#b3541e"
    label = name if "/" in name else f"{name} / {peer}"
    return (
        f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{length}" height="{LINE - 8}" fill="{colour}"/>'
        f'<text x="{LEFT + length + 6}" y="{top + 14}">{better:.2f}</text>'
    )


def _times_as_good(result: Result) -> float | None:
    if not result["peer_value"]:
        return None
    less = result["unit"] in LESS_IS_BETTER
    better: float = result["peer_value"] / result["value"] if less else result["value"] / result["peer_value"]
    return better


def _head(record: Mapping[str, Any]) -> str:
    facts = "\n".join(f"| {name} | {value} |" for name, value in record["surroundings"].items())
    return f"""\
<!-- Made by `make bench`, from benchmarks.json beside it. Do not edit. -->

# Figures

Each row was measured beside its peer in the same run, on the machine below. Where a row was measured in turns with its
peer, it shows the median, and the spread from the smallest to the largest value. Compare rows with their peers rather
than with figures of other machines: how many cores are free, and where files lie, changes them severalfold.

| Machine | |
|---|---|
{facts}

![Times as good as the peer](images/benchmarks.svg)
"""


def _section(section: str, by_name: Mapping[str, Result]) -> str:
    lines = [
        f"## {section}\n",
        "| Row | Shoal | Spread | Peer | Its figure | Verdict | Meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in ROWS.items():
        if row.section == section:
            lines.append(f"| {name} | {_cells(by_name.get(name))} | {row.meaning} |")
    return "\n".join(lines) + "\n"


def _cells(result: Result | None) -> str:
    if result is None:
        return "left out | | | |"
    unit = result["unit"]
    spread = "" if result["spread"] is None else "{:,g} to {:,g}".format(*result["spread"])
    if unit == "exponent" and spread:
        spread += " CPU s"
    peer = "" if result["peer_value"] is None else f"{result['peer_value']:,g} {unit}"
    return f"{result['value']:,g} {unit} | {spread} | {result['peer'] or ''} | {peer} | {_verdict(result)}"


def _verdict(result: Result) -> str:
    better = _times_as_good(result)
    if better is None:
        return ""
    if result["name"].startswith("forecast"):
        return f"{100 * abs(result['ratio'] - 1):.0f} % beside the run"
    if abs(better - 1) <= ALIKE:
        return "alike"
    return f"{better:.2g} times as good" if better > 1 else f"**the peer is better**: {100 * better:.0f} % of it"


def _tail(record: Mapping[str, Any], by_name: Mapping[str, Result]) -> str:
    missing = [f"- {name}: {reason}." for name, reason in {**NOT_MEASURED, **record["left_out"]}.items()]
    return f"""\
An exponent is the logarithm of the growth in the worst step of ten: 0 means that a cost does not grow, 1 that it grows
as the number does. Its spread shows the service's processor time at the smallest and at the largest step.

## Left out

{chr(10).join(missing)}

## Run it again

```sh
make bench-peers           # HyperQueue from its registry, into build/peers; GNU parallel comes from the system
make bench                 # measures all rows, and writes this page
.venv/bin/python bench/run.py --only files --only transfer --scale 0.1
```

`--only` chooses measurements by name, `--scale` is a factor on their sizes. This page was made with
`--scale {record["scale"]:g}`. Figures of a busy machine are lower on both sides, and spread more.
"""


def as_text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2) + "\n"
