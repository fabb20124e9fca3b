"""The charts of the documentation. `python -m tests.autoscale.pictures` draws them again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shoal.autoscale import compile_formula, parse
from shoal.autoscale.scenarios import FixedWithBurst, PendingTasks, Ramp, WorkingHours, formula
from shoal.autoscale.simulation.chart import chart
from shoal.autoscale.simulation.description import TEN_THOUSAND_TASKS, Description
from shoal.autoscale.simulation.distributions import Choice, LogNormal, Uniform
from shoal.autoscale.simulation.engine import Outcome, simulate
from shoal.autoscale.simulation.pool_model import LimitStep, PoolModel
from shoal.autoscale.simulation.report import Report, report
from shoal.autoscale.simulation.workload import TaskGroup, workload
from tests.autoscale import published

FOLDER = Path(__file__).parents[2] / "docs" / "images" / "autoscale"

FIVE_MINUTES = LogNormal(300, 0.4)
POOL = PoolModel()
HOUR = 3600

THREE_JOBS = Description(
    tasks=(
        TaskGroup(count=600, duration=FIVE_MINUTES, slots=Choice((1, 2))),
        TaskGroup(count=300, duration=FIVE_MINUTES, slots=Choice((1, 2)), at=7200, over=2400),
        TaskGroup(count=900, duration=FIVE_MINUTES, slots=Choice((1, 2)), at=4 * HOUR),
    ),
    pool=replace(POOL, evictions_per_node_hour=0.1),
    seed=1,
)
SHORTAGE = replace(
    THREE_JOBS,
    pool=replace(POOL, spot_capacity=(LimitStep(since=4 * HOUR, nodes=6), LimitStep(since=20000, nodes=40))),
)
TWO_DAYS = Description(
    tasks=(TaskGroup(count=2500, duration=Uniform(300, 900), over=40 * HOUR, at_random=True),),
    pool=replace(POOL, begin=datetime(2026, 1, 8, 20, tzinfo=UTC), limit=44 * HOUR),
    seed=1,
)
BIG_JOB = Description(tasks=(TaskGroup(count=3000, duration=FIVE_MINUTES),), seed=1)
ALL_DAY = Description(
    tasks=(
        TaskGroup(count=500, duration=Uniform(60, 180), over=6 * HOUR, at_random=True),
        TaskGroup(count=800, duration=FIVE_MINUTES, at=2 * HOUR),
    ),
    seed=1,
)

TUTORIAL = published.A.replace("= 25", "= 100").replace("$NodeDeallocationOption = taskcompletion;\n", "")
"""The tutorial's formula as first published, with the cap of the default formula."""

STORIES: dict[str, tuple[str, str, Description]] = {
    "pending_tasks": (
        "pending_tasks: three jobs, now and then an eviction",
        formula(PendingTasks(max_spot_nodes=40, slots_per_task=1.5)),
        THREE_JOBS,
    ),
    "fall_back": (
        "pending_tasks: in the fifth hour only 6 Spot nodes are to be had",
        formula(PendingTasks(max_spot_nodes=40, slots_per_task=1.5, max_dedicated_nodes=12)),
        SHORTAGE,
    ),
    "working_hours": (
        "working_hours: tasks around the clock, from Thursday evening to Saturday",
        formula(WorkingHours(spot_nodes=10, utc_offset=1)),
        TWO_DAYS,
    ),
    "ramp": (
        "ramp: one big job, ten nodes more at each evaluation",
        formula(Ramp(max_spot_nodes=60, hold=timedelta(minutes=5))),
        BIG_JOB,
    ),
    "fixed_with_burst": (
        "fixed_with_burst: short tasks all day, and one big job",
        formula(FixedWithBurst(fixed_nodes=2, max_burst_nodes=30)),
        ALL_DAY,
    ),
    "default": ("The default formula, 10,000 tasks", formula(PendingTasks()), TEN_THOUSAND_TASKS),
    "tutorial": ("The tutorial's formula, 10,000 tasks", TUTORIAL, TEN_THOUSAND_TASKS),
}


def simulated(name: str) -> tuple[Outcome, Report]:
    _, text, story = STORIES[name]
    work = workload(story.tasks, seed=story.seed)
    outcome = simulate(compile_formula(parse(text)), work, story.pool, seed=story.seed)
    return outcome, report(outcome, work)


def picture(name: str) -> str:
    return chart(simulated(name)[0], STORIES[name][0])


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in STORIES:
        (FOLDER / f"{each}.svg").write_text(picture(each), encoding="utf-8")
