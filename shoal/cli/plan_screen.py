"""A plan on one screen: counts, uploads, the first and last task of each stage, and a forecast."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import TextWrapper, wrap
from typing import TYPE_CHECKING

from shoal.cli import output
from shoal.quantities import duration, size

if TYPE_CHECKING:
    from shoal.forecast.forecast import Forecast
    from shoal.jobs.binding.bound_job import BoundJob
    from shoal.jobs.preflight.job_forecast import JobForecast
    from shoal.jobs.preflight.shown_tasks import ShownTask
    from shoal.jobs.submit.plan import Plan

MOST_LINES = 3
"""Lines of the screen for a command."""


def screen_lines(
    job: "BoundJob", plan: "Plan", skipped: Mapping[str, int], forecast: "JobForecast", width: int
) -> Iterator[str]:
    """Yield the whole screen. `skipped` has the numbers of tasks by stage whose outputs are there."""
    from shoal.jobs.preflight.shown_tasks import first_and_last

    yield heading(plan)
    yield from schedule_lines(job)
    yield ""
    yield from stage_lines(plan)
    yield from skip_lines(plan, skipped)
    yield ""
    yield upload_line(plan)
    yield ""
    for stage in job.ready_stages:
        yield from task_lines(stage.name, first_and_last(stage), width)
    yield ""
    yield from forecast_lines(forecast, width)


def stage_lines(plan: "Plan") -> Iterator[str]:
    rows = [
        (stage.name, "later" if stage.is_deferred else stage.tasks, stage.slots, ", ".join(stage.after))
        for stage in plan.stages
    ]
    return output.table_lines(("STAGE", "TASKS", "SLOTS", "AFTER"), rows)


def heading(plan: "Plan") -> str:
    pool = plan.pool
    slots = output.counted(pool.task_slots_per_node, "slot")
    return f"job {plan.job_id} on pool {pool.id}\n{pool.vm_size}, {slots} a node"


def schedule_lines(job: "BoundJob") -> Iterator[str]:
    """Yield when the jobs of a schedule are made, and that a file with one becomes a schedule."""
    schedule = job.job_file.spec.job.schedule
    if schedule is None:
        return
    from shoal.jobs.file.schedule_spec import times_of
    from shoal.jobs.schedule.recurrence import first_run

    times, now = times_of(schedule), datetime.now(UTC)
    first = first_run(times, now)
    when = "when it is submitted" if first == now else f"at {first:%Y-%m-%d %H:%M} UTC"
    yield f"a schedule: such a job every {duration(times.interval)}, the first one {when}"


def upload_line(plan: "Plan") -> str:
    if not plan.files:
        return "uploads: none"
    return f"uploads: {output.counted(len(plan.files), 'file')}, {size(plan.upload_bytes)}"


def skip_lines(plan: "Plan", skipped: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each stage with tasks that would be skipped."""
    for stage in plan.stages:
        if number := skipped.get(stage.name):
            yield f"{stage.name}: {number} of {output.counted(stage.tasks, 'task')} skipped as their outputs are there"


def task_lines(stage: str, shown: Sequence["ShownTask"], width: int) -> Iterator[str]:
    """Yield the first and the last task of a stage, or its only one, with a few lines of their commands."""
    for place, task in zip(("first", "last"), shown, strict=False):
        yield _cut(f"{stage}:" if task.id == stage else f"{stage}, {place}: {task.id}", width)
        lines = [part for line in task.command.splitlines() for part in _parts(line, width)]
        # One line more needs no more room than the remark that it is left out.
        kept = lines if len(lines) <= MOST_LINES + 1 else lines[:MOST_LINES]
        yield from kept
        if len(kept) < len(lines):
            yield f"  … {len(lines) - len(kept)} lines more"


def _parts(line: str, width: int) -> list[str]:
    """Return a line of a command in parts that fit; spaces within it stay where it is not split."""
    wrapper = TextWrapper(width, "  ", " " * 6, break_long_words=False, break_on_hyphens=False)
    return [_cut(part, width) for part in wrapper.wrap(line) or [""]]


def forecast_lines(job_forecast: "JobForecast", width: int) -> Iterator[str]:
    forecast = job_forecast.forecast
    if forecast is None:
        yield from wrap(f"forecast: none; {job_forecast.source}", width, subsequent_indent="  ")
        return
    means = ", ".join(f"{stage} {clock(seconds)}" for stage, seconds in job_forecast.durations.items())
    yield from wrap(f"forecast, durations {job_forecast.source}: {means}", width, subsequent_indent="  ")
    unfinished = f", with {output.counted(forecast.unfinished, 'task')} unfinished" if forecast.unfinished else ""
    yield f"  makespan    {clock(forecast.makespan_seconds)}{unfinished}"
    nodes = f"at most {output.counted(forecast.peak_nodes, 'node')}"
    yield f"  node-hours  {forecast.node_hours:.3g}, of them {forecast.spot_node_hours:.3g} Spot; {nodes}"
    yield from wrap(_cost(forecast), width, initial_indent="  cost        ", subsequent_indent=" " * 14)
    if forecast.evictions_per_node_hour:
        risk = (
            f"{forecast.evictions:.2g} expected at {forecast.evictions_per_node_hour:.0%} an hour for each Spot node; "
            f"{output.counted(forecast.tasks_run_again, 'task')} ran again in the simulation"
        )
        yield from wrap(risk, width, initial_indent="  evictions   ", subsequent_indent=" " * 14)


def _cost(forecast: "Forecast") -> str:
    cost = forecast.cost
    if cost is None:
        return "not known: the VM size has no price; give one with --prices FILE"
    figures = f"{cost.spot:.2g} {cost.currency} on Spot nodes, {cost.dedicated:.2g} on dedicated ones"
    return f"{figures} ({cost.source}; {cost.as_of})"


def clock(seconds: float) -> str:
    """Return a time for people: `7.5 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
