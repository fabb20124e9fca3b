"""Draw the chart of a sweep as SVG: one panel per share, risk against horizon, one line per confidence.

It needs no font and no script, and reads on light and on dark pages. The same estimates give the same bytes.
"""

from __future__ import annotations

from html import escape
from math import ceil
from statistics import median
from typing import NamedTuple, Sequence

from estimate import Estimate

WIDTH, COLUMNS = 1000, 5
LEFT, RIGHT, GAP, HEAD, FOOT = 62, 52, 46, 112, 46
PANEL_HEIGHT, PANEL_TITLE = 216, 30
COLOURS = 4

STYLE = """\
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #57606a }
.page { fill: #ffffff } .title { font-size: 18px; font-weight: 600; fill: #1f2328 }
.name { font-size: 14px; font-weight: 600; fill: #1f2328 } .value { font-weight: 600; fill: #1f2328 }
.grid { stroke: #e4e7eb } .axis { stroke: #8c959f }
.band { fill-opacity: .2 } .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.end { stroke-width: 6 }
.fill0 { fill: #2a78d6 } .line0 { stroke: #2a78d6 } .fill1 { fill: #d9541e } .line1 { stroke: #d9541e }
.fill2 { fill: #128a61 } .line2 { stroke: #128a61 } .fill3 { fill: #7c53c3 } .line3 { stroke: #7c53c3 }
@media (prefers-color-scheme: dark) {
text { fill: #9aa4af } .page { fill: #14181d } .title, .name, .value { fill: #e8ecf0 }
.grid { stroke: #2a3038 } .axis { stroke: #6b7480 } .band { fill-opacity: .28 }
.fill0 { fill: #5a9df0 } .line0 { stroke: #5a9df0 } .fill1 { fill: #f0824f } .line1 { stroke: #f0824f }
.fill2 { fill: #35b588 } .line2 { stroke: #35b588 } .fill3 { fill: #a98be0 } .line3 { stroke: #a98be0 }
}"""


class Scale(NamedTuple):
    """Maps a value between `low` and `high` to a coordinate between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.low == self.high:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


class Spread(NamedTuple):
    """Lowest, median and highest risk over the seeds, for one share, horizon and confidence."""

    horizon: int
    low: float
    middle: float
    high: float


def draw(estimates: Sequence[Estimate]) -> str:
    tickers = sorted({estimate.ticker for estimate in estimates})
    confidences = sorted({estimate.confidence for estimate in estimates})
    ticks = _risk_ticks(estimates)
    lowest = min(estimate.value_at_risk for estimate in estimates)
    columns = min(COLUMNS, len(tickers))
    panel_width = (WIDTH - LEFT - RIGHT - GAP * (columns - 1)) / columns
    row_height = PANEL_TITLE + PANEL_HEIGHT + FOOT
    height = HEAD + row_height * ceil(len(tickers) / columns)
    parts = [_header(estimates, confidences, height)]
    for index, ticker in enumerate(tickers):
        row, column = divmod(index, columns)
        left = LEFT + column * (panel_width + GAP)
        bottom = HEAD + row * row_height + PANEL_TITLE + PANEL_HEIGHT
        own = [estimate for estimate in estimates if estimate.ticker == ticker]
        across = Scale(min(_horizons(estimates)), max(_horizons(estimates)), left, left + panel_width)
        up = Scale(min(ticks[0], lowest), ticks[-1], bottom, bottom - PANEL_HEIGHT)
        parts += _panel(ticker, own, confidences, across=across, up=up, ticks=ticks, labelled=column == 0)
    return "\n".join([*parts, "</svg>"]) + "\n"


def spreads(estimates: Sequence[Estimate], confidence: float) -> list[Spread]:
    """Return the spread of the value at risk over the seeds, for each horizon."""
    chosen = [estimate for estimate in estimates if estimate.confidence == confidence]
    by_horizon = {
        horizon: [estimate.value_at_risk for estimate in chosen if estimate.horizon == horizon]
        for horizon in _horizons(chosen)
    }
    return [Spread(horizon, min(risks), median(risks), max(risks)) for horizon, risks in by_horizon.items()]


def _horizons(estimates: Sequence[Estimate]) -> list[int]:
    return sorted({estimate.horizon for estimate in estimates})


def _risk_ticks(estimates: Sequence[Estimate]) -> list[float]:
    """Return round marks from zero, or from a gain, to the largest risk: steps of a fifth of the position or less."""
    low = min(0.0, min(estimate.value_at_risk for estimate in estimates))
    high = max(estimate.value_at_risk for estimate in estimates)
    step = next((step for step in (0.01, 0.02, 0.05, 0.1) if high - low <= 5 * step), 0.2)
    return [step * number for number in range(ceil(low / step), max(1, ceil(high / step)) + 1)]


def _header(estimates: Sequence[Estimate], confidences: Sequence[float], height: int) -> str:
    seeds = len({estimate.seed for estimate in estimates})
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-labelledby="title note">',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
        '<text id="title" class="title" x="24" y="36">Value at risk by holding period</text>',
        '<text id="note" x="24" y="58">The loss, as a share of the position, that is not exceeded with the given '
        f"confidence. Line: median of {seeds} resampled histories; band: lowest to highest.</text>",
    ]
    for index, confidence in enumerate(confidences):
        x, colour = 24 + 160 * index, index % COLOURS
        lines += [
            f'<rect class="band fill{colour}" x="{x}" y="72" width="26" height="14"/>',
            f'<path class="line line{colour}" d="M{x} 79h26"/>',
            f'<text x="{x + 34}" y="83">{_percent(confidence)} confidence</text>',
        ]
    return "\n".join(lines)


def _panel(
    ticker: str,
    estimates: Sequence[Estimate],
    confidences: Sequence[float],
    *,
    across: Scale,
    up: Scale,
    ticks: Sequence[float],
    labelled: bool,
) -> list[str]:
    parts = [f'<text class="name" x="{across.start:.1f}" y="{up.end - 12:.1f}">{escape(ticker)}</text>']
    for tick in ticks:
        kind = "axis" if abs(tick) < 1e-9 else "grid"
        parts.append(f'<path class="{kind}" d="M{across.start:.1f} {up(tick):.1f}H{across.end:.1f}"/>')
        if labelled:
            parts.append(
                f'<text x="{across.start - 8:.1f}" y="{up(tick) + 4:.1f}" text-anchor="end">{_percent(tick)}</text>'
            )
    for horizon in _spaced(_horizons(estimates), across):
        parts.append(f'<text x="{across(horizon):.1f}" y="{up.start + 18:.1f}" text-anchor="middle">{horizon}</text>')
    middle = (across.start + across.end) / 2
    parts.append(f'<text x="{middle:.1f}" y="{up.start + 35:.1f}" text-anchor="middle">months held</text>')
    curves = [spreads(estimates, confidence) for confidence in confidences]
    for index, points in enumerate(curves):
        parts += _curve(points, index % COLOURS, across=across, up=up)
    return parts + _values([points[-1] for points in curves if points], across=across, up=up)


def _curve(points: Sequence[Spread], colour: int, *, across: Scale, up: Scale) -> list[str]:
    if not points:
        return []
    upper = [f"{across(point.horizon):.1f} {up(point.high):.1f}" for point in points]
    lower = [f"{across(point.horizon):.1f} {up(point.low):.1f}" for point in reversed(points)]
    line = [f"{across(point.horizon):.1f} {up(point.middle):.1f}" for point in points]
    return [
        f'<path class="band fill{colour}" d="M{"L".join(upper + lower)}Z"/>',
        f'<path class="line line{colour}" d="M{"L".join(line)}"/>',
        f'<path class="line line{colour} end" d="M{line[-1]}h0"/>',
    ]


def _values(ends: Sequence[Spread], *, across: Scale, up: Scale) -> list[str]:
    """Print the figures at the ends of the lines, and move those upwards that would cover each other."""
    parts = []
    free = up.start
    for end in sorted(ends, key=lambda end: end.middle):
        y = min(up(end.middle), free)
        parts.append(
            f'<text class="value" x="{across(end.horizon) + 7:.1f}" y="{y + 4:.1f}">{_percent(end.middle)}</text>'
        )
        free = y - 14
    return parts


def _spaced(horizons: Sequence[int], across: Scale) -> list[int]:
    """Return the horizons whose labels do not touch, always with the last one."""
    kept = [horizons[-1]]
    for horizon in reversed(horizons):
        if across(kept[-1]) - across(horizon) >= 16:
            kept.append(horizon)
    return kept


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.4g} %" if fraction >= 0.9 else f"{100 * fraction:.0f} %"
