"""A simulation as an SVG chart: tasks and nodes over time."""

from collections.abc import Callable, Sequence
from html import escape

from shoal.autoscale.simulation.engine import Outcome, Point

WIDTH, PANEL, GAP, LEFT, TOP, RIGHT, BOTTOM = 760, 150, 34, 62, 44, 30, 34
MAX_POINTS = 240
_TICKS = (60, 300, 600, 900, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 86400)

Series = tuple[str, str, Callable[[Point], int]]
"""Label, colour, and the value at a point."""

_TASKS: tuple[Series, ...] = (
    ("running", "#2a78b5", lambda point: point.running),
    ("waiting", "#b9d3e8", lambda point: point.active),
)
_NODES: tuple[Series, ...] = (
    ("dedicated", "#cdb3d9", lambda point: point.dedicated),
    ("Spot", "#a9d8b8", lambda point: point.spot),
)
_WORKING: Series = ("with tasks", "#1d6b3c", lambda point: point.busy)
_TARGET: Series = ("target", "#c8452c", lambda point: point.target_dedicated + point.target_spot)


def chart(outcome: Outcome, title: str) -> str:
    """Return the SVG. Above: waiting and running tasks. Below: nodes, those with tasks, and the target."""
    points = _thinned(outcome.series)
    end = max(1, points[-1].second)
    height = TOP + 2 * PANEL + GAP + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
        *_panel("tasks", TOP, points, end, _TASKS, ()),
        *_panel("nodes", TOP + PANEL + GAP, points, end, _NODES, (_WORKING, _TARGET)),
        *_time_axis(TOP + 2 * PANEL + GAP, end),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _thinned(series: Sequence[Point]) -> list[Point]:
    step = max(1, -(-len(series) // MAX_POINTS))  # rounded up
    thinned = list(series[::step])
    return thinned if thinned[-1] is series[-1] else [*thinned, series[-1]]


def _panel(
    name: str, top: int, points: list[Point], end: int, stacked: Sequence[Series], lines: Sequence[Series]
) -> list[str]:
    sums = [sum(value(point) for _, _, value in stacked) for point in points]
    highest = _rounded_up(max([*sums, *(value(point) for _, _, value in lines for point in points), 1]))

    def place(point: Point, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * point.second / end
        return f"{x:.1f},{top + PANEL * (1 - value / highest):.1f}"

    return [
        *_grid(top, highest),
        *_areas(points, stacked, place),
        *(_line(points, series, place) for series in lines),
        *_legend(name, top - 8, [*stacked, *lines]),
    ]


def _areas(points: list[Point], stacked: Sequence[Series], place: Callable[[Point, float], str]) -> list[str]:
    below = [0] * len(points)
    drawn = []
    for _, colour, value in stacked:
        above = [base + value(point) for base, point in zip(below, points, strict=True)]
        if above != below:
            corners = [*_steps(points, above, place), *reversed(_steps(points, below, place))]
            drawn.append(f'<polygon points="{" ".join(corners)}" fill="{colour}"/>')
        below = above
    return drawn


def _line(points: list[Point], series: Series, place: Callable[[Point, float], str]) -> str:
    _, colour, value = series
    corners = _steps(points, [value(point) for point in points], place)
    return f'<polyline points="{" ".join(corners)}" fill="none" stroke="{colour}" stroke-width="1.4"/>'


def _steps(points: list[Point], values: Sequence[int], place: Callable[[Point, float], str]) -> list[str]:
    """Return the corners of a line that keeps each value until the next one, without points inside level stretches."""
    corners: list[str] = []
    for index, (point, value) in enumerate(zip(points, values, strict=True)):
        level = 0 < index < len(points) - 1 and values[index - 1] == value == values[index + 1]
        if index and values[index - 1] != value:
            corners.append(place(point, values[index - 1]))
        if not level:
            corners.append(place(point, value))
    return corners


def _grid(top: int, highest: int) -> list[str]:
    right = WIDTH - RIGHT
    drawn = []
    for share in (0, 0.5, 1):
        y = top + PANEL * (1 - share)
        drawn.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * share:,.0f}</text>')
    return drawn


def _legend(name: str, y: int, series: Sequence[Series]) -> list[str]:
    drawn = [f'<text x="{LEFT}" y="{y}">{name}:</text>']
    x = LEFT + 46
    for label, colour, _ in series:
        drawn.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        drawn.append(f'<text x="{x + 14}" y="{y}">{label}</text>')
        x += 34 + 7 * len(label)
    return drawn


def _time_axis(y: int, end: int) -> list[str]:
    step = next((tick for tick in _TICKS if end / tick <= 8), _TICKS[-1])  # more labels would overlap
    unit, name = (3600, "h") if step >= 1800 else (60, "min")
    drawn = []
    for second in range(0, end + 1, step):
        x = LEFT + (WIDTH - LEFT - RIGHT) * second / end
        drawn.append(f'<text x="{x:.1f}" y="{y + 18}" text-anchor="middle">{second / unit:g} {name}</text>')
    return drawn


def _rounded_up(value: float) -> int:
    """Round up to an even number that is easy to read: 2, 4, 6, 8, 10, 20, 40, …"""
    scale = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if value <= step * scale:
                return step * scale
        scale *= 10
