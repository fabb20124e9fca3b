"""The screen of `shoal top`: a stack in a terminal of any width and height. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from shoal.cli.stack_bar import Part, bar
from shoal.cli.stack_glance import Failure, Glance, JobGlance, PoolGlance
from shoal.runs.pool_listing import GONE, PoolRow

KEYS = "q quit  ↑↓ choose  Enter open  p pause"
WIDE = 100
"""Columns from which bars and names get more room."""
ROOMY = 10
"""Lines from which the keys are always shown."""
NODE_GROUPS: Mapping[str, Sequence[str]] = {
    "running": ("running",),
    "idle": ("idle",),
    "starting": ("creating", "starting", "rebooting", "reimaging", "waitingForStartTask"),
    "trouble": ("unusable", "startTaskFailed", "unknown", "offline", "preempted"),
    "leaving": ("leavingPool", "deallocating", "deallocated", "upgradingOS"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKey:
    kind: Literal["pool", "job"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The latest reading, and the problem that stands in the way of the next."""

    glance: Glance | None = None
    opened: Sequence[RenderableType] = ()
    opened_key: RowKey | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The choices of the person at the keys."""

    chosen: RowKey | None = None
    is_open: bool = False
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StackScreen:
    seen: Seen
    view: View
    width: int
    height: int

    def rendered(self) -> RenderableType:
        glance = self.seen.glance
        if glance is None:
            return Cropped(_line(self.seen.problem or "waiting for the service"), self.height)
        head, foot = self._head(glance), self._foot(glance)
        room = max(0, self.height - 1 - len(foot))
        body = self._opened(room) if self.view.is_open else self._sections(glance, room)
        return Cropped(Parts([head, *body, *foot]), self.height)

    def _head(self, glance: Glance) -> Text:
        if self.seen.problem:
            return _line(f"{self.seen.problem}; trying again", "bold red")
        paused = " · paused" if self.view.is_paused else ""
        free = " if it were in Azure" if glance.is_embedded else ""
        cost = f"{glance.cost.per_hour:.2f} {glance.cost.currency}/h{free}"
        return _line(f"stack {glance.stack} · {cost} · {glance.read_at:%H:%M:%S} UTC{paused}", "bold")

    def _foot(self, glance: Glance) -> list[Text]:
        """Return the chosen row in full, as its line may be cut, and the keys where there is room."""
        text = "" if self.view.is_open else described(glance, self.view.chosen)
        lines = [_line(text)] if text else []
        return [*lines, _line(KEYS, "dim")] if self.height >= ROOMY or not lines else lines

    def _opened(self, room: int) -> list[RenderableType]:
        key = self.view.chosen
        lines = self.seen.opened if self.seen.opened_key == key else ["reading"]
        return [Cropped(Parts([_line(each) if isinstance(each, str) else each for each in lines]), room, fill=True)]

    def _sections(self, glance: Glance, room: int) -> list[RenderableType]:
        sections = [
            Section(title="POOLS", rows=[self._pool_row(glance, pool) for pool in glance.pools], empty="no pools"),
            Section(title="JOBS", rows=[self._job_row(job) for job in glance.jobs], empty="no jobs"),
            Section(title="NEWEST FAILURES", rows=[self._failure(each) for each in glance.failures], empty="none"),
        ]
        heights = shares([section.height for section in sections], room)
        body: list[RenderableType] = []
        for section, height in zip(sections, heights, strict=True):
            body += section.lines(height)
        return [*body, *[Text("")] * (room - sum(heights))]

    def _row(self, key: RowKey | None, cells: Sequence[str | Text], widths: Sequence[int]) -> "Row":
        return Row(cells=cells, widths=widths, is_chosen=key is not None and key == self.view.chosen)

    def _pool_row(self, glance: Glance, pool: PoolGlance) -> "Row":
        row, wide = pool.row, self.width >= WIDE
        name, size = (24, 24) if wide else (14, 12)
        nodes, target = row.dedicated + row.spot, row.target_dedicated + row.target_spot
        busy = f"{'≥' if pool.is_more_busy else ''}{short(pool.busy_slots)}/{short(row.slots)} busy"
        cost = "" if row.cost_per_hour is None else f"{row.cost_per_hour:.2f}/h"
        cells: list[str | Text] = [
            row.pool,
            bar(node_parts(pool.states), size),
            f"{nodes}/{target} nodes",
            busy,
            cost,
            pool_note(pool, is_embedded=glance.is_embedded),
        ]
        return self._row(RowKey(kind="pool", name=row.pool), cells, [name, size, 11, 13, 8])

    def _job_row(self, job: JobGlance) -> "Row":
        wide = self.width >= WIDE
        name, size = (28, 24) if wide else (18, 10)
        key, counts = RowKey(kind="job", name=job.row.id), job.counts
        widths = [name, size, 11, 7, 7]
        if counts is None:
            return self._row(key, [job.row.id, "", "", "", "", job_note(job)], widths)
        parts = [
            Part(count=counts.succeeded, mark="█", style="green"),
            Part(count=counts.failed, mark="x", style="red"),
            Part(count=counts.running, mark="▒", style="cyan"),
            Part(count=counts.active, mark="·", style="dim"),
        ]
        done = f"{short(counts.completed)}/{short(counts.total)}"
        running = f"{short(counts.running)} run" if counts.running else ""
        failed = f"{short(counts.failed)} fail" if counts.failed else ""
        return self._row(key, [job.row.id, bar(parts, size), done, running, failed, job_note(job)], widths)

    def _failure(self, failure: Failure) -> "Row":
        task, wide = failure.task, self.width >= WIDE
        ended = f"{task.ended:%H:%M:%S}" if task.ended else ""
        names = 28 if wide else 16
        return self._row(None, [ended, failure.job_id, task.id, task.reason or task.failure or ""], [8, names, names])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of cells of fixed widths; the last one has the rest."""

    cells: Sequence[str | Text]
    widths: Sequence[int]
    is_chosen: bool = False

    def rendered(self) -> Table:
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=1)
        for width in self.widths:
            grid.add_column(width=width, no_wrap=True, overflow="ellipsis")
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        cells = [Text(cell) if isinstance(cell, str) else cell for cell in self.cells]
        grid.add_row(Text("›" if self.is_chosen else " "), *cells, style="bold" if self.is_chosen else None)
        return grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    rows: Sequence[Row]
    empty: str

    @property
    def height(self) -> int:
        return 1 + max(1, len(self.rows))

    def lines(self, height: int) -> list[RenderableType]:
        """Return the title and as many rows as there is room for, among them the chosen one."""
        if height <= 0:
            return []
        if not self.rows:
            return [_line(f"{self.title}: {self.empty}", "bold"), *[Text("")] * (height - 1)]
        chosen = next((number for number, row in enumerate(self.rows) if row.is_chosen), 0)
        shown = window(len(self.rows), chosen, height - 1)
        some = f"{shown.start + 1}-{shown.stop} of {len(self.rows)}" if shown else f"({len(self.rows)})"
        place = "" if len(shown) == len(self.rows) else f" {some}"
        return [_line(f"{self.title}{place}", "bold"), *(self.rows[number].rendered() for number in shown)]


@dataclass(frozen=True, slots=True)
class Parts:
    """Renderables below each other."""

    parts: Sequence[RenderableType]

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        yield from self.parts


@dataclass(frozen=True, slots=True)
class Cropped:
    """The first lines of something; with `fill`, always as many."""

    content: RenderableType
    height: int
    fill: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self.content, options.update(height=None), pad=False)[: max(0, self.height)]
        missing = self.height - len(lines) if self.fill else 0
        for line in [*lines, *[list[Segment]()] * missing]:
            yield from line
            yield Segment.line()


def after_key(view: View, key: str, rows: Sequence[RowKey]) -> View | None:
    """Return the view after a key, or None for the end."""
    match key:
        case "q":
            return None
        case "p":
            return replace(view, is_paused=not view.is_paused)
        case "enter" if view.chosen is not None:
            return replace(view, is_open=not view.is_open)
        case "escape":
            return replace(view, is_open=False)
        case "up" | "k":
            return replace(view, chosen=_neighbour(view.chosen, rows, -1))
        case "down" | "j":
            return replace(view, chosen=_neighbour(view.chosen, rows, 1))
        case _:
            return view


def row_keys(glance: Glance | None) -> list[RowKey]:
    if glance is None:
        return []
    pools = [RowKey(kind="pool", name=pool.row.pool) for pool in glance.pools]
    return [*pools, *(RowKey(kind="job", name=job.row.id) for job in glance.jobs)]


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """Share out lines: a line to each in turn that still wants one."""
    given = [0] * len(wanted)
    while room > 0 and given != list(wanted):
        for number, most in enumerate(wanted):
            if given[number] < most and room > 0:
                given[number] += 1
                room -= 1
    return given


def window(number: int, chosen: int, room: int) -> range:
    """Return the rows that are shown, with the chosen one in the middle where it can be."""
    room = max(0, min(room, number))
    first = min(max(0, chosen - room // 2), number - room)
    return range(first, first + room)


def node_parts(states: Mapping[str, int]) -> list[Part]:
    looks = {
        "running": ("█", "green"),
        "idle": ("▒", "cyan"),
        "starting": ("░", "yellow"),
        "trouble": ("x", "red"),
        "leaving": ("·", "dim"),
    }
    counts = {group: sum(states.get(state, 0) for state in members) for group, members in NODE_GROUPS.items()}
    return [Part(count=counts[group], mark=mark, style=style) for group, (mark, style) in looks.items()]


def pool_note(pool: PoolGlance, *, is_embedded: bool) -> str:
    """Return the pool's problem, or else what its formula has asked for, and whether its nodes are simulated."""
    note = _pool_note(pool.row)
    return f"simulated, {note}" if pool.row.has_simulation and is_embedded else note


def _pool_note(row: PoolRow) -> str:
    if row.state == GONE:
        return "Batch has no such pool; `shoal up` makes it"
    if row.resize_errors:
        return "; ".join(row.resize_errors)
    if not row.is_autoscaled:
        return "fixed size"
    if row.formula is None:
        return "formula not evaluated yet"
    return row.formula.error or row.formula.targets.replace(";", ", ")


def job_note(job: JobGlance) -> str:
    """Return the rate and the time left, or else why the job waits or ended."""
    row, counts = job.row, job.counts
    if job.is_over:
        return f"ended: {row.reason}" if row.reason else "ended"
    if counts is not None and counts.active and not counts.running and row.waits_for:
        return row.waits_for
    if job.tasks_per_second:
        left = "" if job.seconds_left is None else f", {timedelta(seconds=round(job.seconds_left))} left"
        return f"{job.tasks_per_second:.1f}/s{left}"
    if counts is not None and counts.active and row.waits_for:
        return row.waits_for
    return row.state or ""


def described(glance: Glance, key: RowKey | None) -> str:
    """Return a line about the chosen row."""
    for pool in glance.pools:
        if key == RowKey(kind="pool", name=pool.row.pool):
            states = ", ".join(f"{number} {state}" for state, number in pool.states.items()) or "no nodes"
            return f"pool {pool.row.pool}: {states}; {pool_note(pool, is_embedded=glance.is_embedded)}"
    for job in glance.jobs:
        if key == RowKey(kind="job", name=job.row.id):
            return f"job {job.row.id}: {job_note(job)}"
    return ""


def short(number: int) -> str:
    """Return a number in at most five places: `9999`, `12.3k`, `1.2M`."""
    if number < 10_000:
        return str(number)
    size, unit = (1_000_000, "M") if number >= 999_950 else (1000, "k")
    return f"{number / size:.1f}{unit}" if number < 100 * size else f"{number // size}{unit}"


def _neighbour(chosen: RowKey | None, rows: Sequence[RowKey], step: int) -> RowKey | None:
    if not rows:
        return None
    if chosen not in rows:
        return rows[0]
    return rows[min(max(0, rows.index(chosen) + step), len(rows) - 1)]


def _line(text: str, style: str = "") -> Text:
    return Text(text.replace("\n", " "), style=style, no_wrap=True, overflow="ellipsis")
