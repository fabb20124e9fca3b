"""Compare formulas that follow the tasks in some situations, and search for the best terms of the default formula.

`python tools/search_formulas.py` writes the table and the chart of docs/autoscale.md; with `--grid` it prints the whole
grid of terms that the trade-offs were chosen from.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from shoal.autoscale import compile_formula, parse
from shoal.autoscale.scenarios import PendingTasks, formula
from shoal.autoscale.scenarios.pending_tasks import formula_on
from shoal.autoscale.scenarios.trade_off import Terms, TradeOff
from shoal.autoscale.simulation.distributions import Constant, LogNormal
from shoal.autoscale.simulation.engine import simulate
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.report import Report, report
from shoal.autoscale.simulation.workload import TaskGroup, workload

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "autoscale.md"
CHART = ROOT / "docs" / "images" / "autoscale" / "frontier.svg"
HOUR = 3600
POOL = PoolModel()
SEED = 1

Story = tuple[tuple[TaskGroup, ...], PoolModel]


def burst(hours: int) -> TaskGroup:
    return TaskGroup(count=400, duration=Constant(120), at=hours * HOUR)


SITUATIONS: Mapping[str, Story] = {
    "20,000 tasks of 20 s": ((TaskGroup(count=20_000, duration=Constant(20)),), POOL),
    "three bursts of 400 tasks": ((burst(0), burst(2), burst(4)), POOL),
    "boots of eight minutes": (
        (TaskGroup(count=400, duration=Constant(300)),),
        replace(POOL, boot=Constant(480)),
    ),
    "5 % of Spot nodes evicted an hour": (
        (TaskGroup(count=5000, duration=LogNormal(300, 0.4)),),
        replace(POOL, evictions_per_node_hour=0.05),
    ),
    "400 tasks of an hour": ((TaskGroup(count=400, duration=Constant(HOUR)),), POOL),
}

TUTORIAL = """
startingNumberOfVMs = 1;
maxNumberofVMs = 100;
sampled = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
tasks = sampled < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
$TargetLowPriorityNodes = min(maxNumberofVMs, tasks);
$NodeDeallocationOption = taskcompletion;
"""
"""The formula of Azure's tutorial, with the cap of the default formula, and for Spot nodes: prices are equal."""

EARLIER = "earlier default"


def formulas() -> dict[str, str]:
    return {
        "tutorial": TUTORIAL,
        EARLIER: (ROOT / "tools" / "earlier_default_formula.txt").read_text(encoding="utf-8"),
        **{trade_off.value: formula(PendingTasks(trade_off=trade_off)) for trade_off in TradeOff},
    }


@dataclass(frozen=True, slots=True)
class Place:
    """A formula's sum over all situations."""

    name: str
    over_ideal: float
    hours: float
    """Makespan."""


@cache
def measured(text: str, story: Story) -> Report:
    groups, model = story
    work = workload(groups, seed=SEED)
    return report(simulate(compile_formula(parse(text)), work, model, seed=SEED), work)


def table() -> str:
    """Return the table of the page: node-hours over the ideal, and the makespan."""
    reports = {name: [measured(text, story) for story in SITUATIONS.values()] for name, text in formulas().items()}
    head = ["", *reports]
    rows = [[situation, *(_cell(one[index]) for one in reports.values())] for index, situation in enumerate(SITUATIONS)]
    rows.append(["sum", *(f"{_sum(one):+.0%}" for one in reports.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def _cell(one: Report) -> str:
    return f"{one.over_ideal:+.0%}, {one.makespan / 60:.0f} min"


def _sum(reports: list[Report]) -> float:
    return sum(one.over_ideal for one in reports)


def place(name: str, text: str) -> Place:
    reports = [measured(text, story) for story in SITUATIONS.values()]
    return Place(name, _sum(reports), sum(one.makespan for one in reports) / HOUR)


def grid() -> Iterator[Place]:
    for hold in (30, 60, 120, 300):
        for turns in (0.3, 0.6, 1, 2, 3, 6):
            terms = Terms(hold=timedelta(seconds=hold), turns=turns)
            yield place(f"hold {hold} s, {turns:g} turns", formula_on(PendingTasks(), terms))


def frontier() -> str:
    return chart([place(*one) for one in formulas().items()])


def chart(places: list[Place]) -> str:
    """Return an SVG of cost against time; the best are at the lower left."""
    width, height, left, bottom = 640, 360, 60, 50
    most, latest = max(one.over_ideal for one in places) * 1.1, max(one.hours for one in places)
    soonest = min(one.hours for one in places)
    spread = max(0.1, latest - soonest)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="20" font-size="14" font-weight="bold">Cost against time, all situations together</text>',
        f'<line x1="{left}" y1="{height - bottom}" x2="{width - 20}" y2="{height - bottom}" stroke="#999"/>',
        f'<line x1="{left}" y1="40" x2="{left}" y2="{height - bottom}" stroke="#999"/>',
        f'<text x="{width - 20}" y="{height - 15}" text-anchor="end">sum of makespans, hours</text>',
        f'<text x="{left + 6}" y="46">node-hours over the ideal, sum</text>',
    ]
    for one in places:
        x = left + 30 + (width - left - 190) * (one.hours - soonest) / spread
        y = height - bottom - (height - bottom - 60) * one.over_ideal / most
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#2a78b5"/>',
            f'<text x="{x + 9:.1f}" y="{y + 4:.1f}">{one.name}: {one.over_ideal:+.0%}, {one.hours:.1f} h</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    if "--grid" in sys.argv:
        for one in grid():
            sys.stdout.write(f"{one.name:24} {one.over_ideal:+8.1%} {one.hours:6.2f} h\n")
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- formulas -->\n")
    after = rest.partition("<!-- /formulas -->")[2]
    PAGE.write_text(f"{before}<!-- formulas -->\n{table()}<!-- /formulas -->{after}", encoding="utf-8")
    CHART.write_text(frontier(), encoding="utf-8")


if __name__ == "__main__":
    main()
