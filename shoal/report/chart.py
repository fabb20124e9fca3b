"""The charts of the report as shapes with places; the page's template writes them as SVG. Pure.

No chart library: those that draw in the browser are megabytes of script beside a report of a few kilobytes, and those
that draw in Python write text as outlines, or load scripts from the network. Bars with titles need neither, can be
read by a screen reader, and follow the page's colours in the dark and on paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shoal.report.histogram import Histogram
from shoal.report.timeline import STEPS, NodeRow, TaskBox, Timeline
from shoal.report.units import shown_duration, shown_number

WIDTH, LEFT, RIGHT, TOP, AXIS = 900.0, 104.0, 14.0, 8.0, 26.0
"""Places in the units of the drawing; the page scales it."""
INNER = WIDTH - LEFT - RIGHT
BARS_HEIGHT, AREA_HEIGHT, ROW_HEIGHT, LANE_HEIGHT, GAP = 170.0, 90.0, 18.0, 9.0, 4.0
TIME_LABELS = 6
MOST_LABELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    title: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    x: float
    y: float
    text: str
    anchor: str = "middle"
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    height: float
    boxes: Sequence[Box] = ()
    areas: Sequence[str] = ()
    """Paths that are filled."""
    crosses: Sequence[str] = ()
    """Paths of the marks of failures."""
    labels: Sequence[Label] = ()
    lines: Sequence[Line] = ()
    width: float = field(default=WIDTH)


def bars(histogram: Histogram) -> Chart:
    """Draw a histogram: the height of a bar is its number of tasks."""
    floor, wide, tallest = TOP + BARS_HEIGHT, INNER / max(1, len(histogram.bars)), max(1, histogram.tallest)
    boxes = [
        _box(
            LEFT + index * wide + 1,
            floor - BARS_HEIGHT * bar.tasks / tallest,
            wide - 2,
            BARS_HEIGHT * bar.tasks / tallest,
            title=f"{bar.label}: {_counted(bar.tasks)}",
        )
        for index, bar in enumerate(histogram.bars)
        if bar.tasks
    ]
    every = max(1, -(-len(histogram.bars) // MOST_LABELS))
    labels = [
        Label(x=_round(LEFT + index * wide), y=floor + 16, text=shown_duration(index * histogram.width))
        for index in range(0, len(histogram.bars), every)
    ]
    lines, heights = _levels(tallest, floor, BARS_HEIGHT)
    return Chart(height=floor + AXIS, boxes=boxes, labels=[*labels, *heights], lines=lines)


def area(timeline: Timeline) -> Chart:
    """Draw the number of tasks that ran at a time."""
    floor = TOP + AREA_HEIGHT
    peak = max(1.0, timeline.peak)
    path = _steps([value / peak for value in timeline.running], floor, AREA_HEIGHT)
    lines, heights = _levels(peak, floor, AREA_HEIGHT)
    return Chart(height=floor + AXIS, areas=[path], labels=[*_time_labels(timeline, floor), *heights], lines=lines)


def rows(timeline: Timeline) -> Chart:
    """Draw a row for each node: its tasks as boxes, or the share of its slots that were busy as an area."""
    top, boxes, areas, crosses, labels, lines = TOP, list[Box](), list[str](), list[str](), list[Label](), list[Line]()
    for row in timeline.rows:
        height = max(ROW_HEIGHT, row.lanes * LANE_HEIGHT)
        floor = top + height
        labels.append(Label(x=LEFT - 8, y=top + height / 2 + 4, text=row.label, anchor="end", title=row.node))
        boxes += [_task_box(box, row, top, height) for box in row.boxes]
        if row.shares:
            areas.append(_steps(row.shares, floor, height))
        crosses += [_cross((step + 0.5) / STEPS, top + height / 2) for step in row.failures]
        lines.append(Line(x1=LEFT, y1=floor, x2=WIDTH - RIGHT, y2=floor))
        top = floor + GAP
    return Chart(
        height=top + AXIS,
        boxes=boxes,
        areas=areas,
        crosses=crosses,
        labels=[*labels, *_time_labels(timeline, top)],
        lines=lines,
    )


def _task_box(box: TaskBox, row: NodeRow, top: float, height: float) -> Box:
    lane, task = height / row.lanes, box.task
    outcome = task.result or task.state
    return _box(
        LEFT + box.start * INNER,
        top + box.lane * lane,
        max(1.0, (box.end - box.start) * INNER),
        lane - 1,
        title=f"{task.id} on {row.label}: {outcome}, {shown_duration(task.duration)}",
        failed=task.failed,
    )


def _steps(shares: Sequence[float], floor: float, height: float) -> str:
    """Return the outline of steps of equal width; steps of equal height are one line."""
    wide, path, level = INNER / len(shares), [f"M{LEFT:g} {floor:g}"], 0.0
    for index, share in enumerate(shares):
        if share != level:
            path.append(f"H{_round(LEFT + index * wide):g}V{_round(floor - share * height):g}")
            level = share
    return "".join([*path, f"H{WIDTH - RIGHT:g}V{floor:g}Z"])


def _cross(share: float, middle: float) -> str:
    x, y = _round(LEFT + share * INNER), _round(middle)
    return f"M{x - 3:g} {y - 3:g}l6 6m0-6l-6 6"


def _levels(most: float, floor: float, height: float) -> tuple[list[Line], list[Label]]:
    """Return lines at no, half and all of the height, and their numbers."""
    shares = (0.0, 1.0) if most == 1 else (0.0, 0.5, 1.0)
    places = [(_round(floor - share * height), most * share) for share in shares]
    lines = [Line(x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y) for y, _ in places]
    return lines, [Label(x=LEFT - 8, y=y + 4, text=_level(value), anchor="end") for y, value in places]


def _level(value: float) -> str:
    return shown_number(int(value) if value == int(value) else value)


def _time_labels(timeline: Timeline, floor: float) -> list[Label]:
    """Return labels with the time since the start."""
    shares = [index / (TIME_LABELS - 1) for index in range(TIME_LABELS)]
    return [
        Label(
            x=_round(LEFT + share * INNER),
            y=floor + 16,
            text=shown_duration((timeline.end - timeline.start) * share),
            anchor="end" if share == 1 else "middle",
        )
        for share in shares
    ]


def _box(x: float, y: float, width: float, height: float, *, title: str, failed: bool = False) -> Box:
    return Box(x=_round(x), y=_round(y), width=_round(width), height=_round(height), title=title, failed=failed)


def _counted(tasks: int) -> str:
    return f"{tasks:,} task{'' if tasks == 1 else 's'}"


def _round(place: float) -> float:
    return round(place, 1)
