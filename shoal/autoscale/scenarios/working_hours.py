"""A fixed number of nodes in working hours, and another one, mostly zero, outside of them."""

from dataclasses import dataclass, field
from datetime import time, timedelta

from shoal.autoscale.errors import InputFault
from shoal.autoscale.printing import number_text
from shoal.autoscale.scenarios.checks import at_least, no_negative_nodes
from shoal.autoscale.scenarios.demand import DRAIN
from shoal.autoscale.scenarios.writing import Line, written

MONDAY_TO_FRIDAY = frozenset(range(1, 6))
EVERY_DAY = frozenset(range(7))
MAX_OFFSET = 14  # hours; the Line Islands are at UTC+14


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    spot_nodes: int = field(default=20, metadata={"meaning": "Spot nodes in working hours"})
    dedicated_nodes: int = field(default=0, metadata={"meaning": "dedicated nodes in working hours"})
    spot_nodes_outside: int = field(default=0, metadata={"meaning": "Spot nodes outside working hours"})
    begin: time = field(default=time(8), metadata={"meaning": "when work begins, local time"})
    end: time = field(default=time(18), metadata={"meaning": "when work ends, local time; may be after midnight"})
    weekdays: frozenset[int] = field(
        default=MONDAY_TO_FRIDAY, metadata={"meaning": "working days: 1 is Monday, 0 and 7 are Sunday"}
    )
    utc_offset: float = field(default=0.0, metadata={"meaning": "hours from UTC to local time: 2, -5, 5.5"})
    evaluation_interval: timedelta = field(
        default=timedelta(minutes=5), metadata={"meaning": "time between two evaluations of the formula"}
    )

    def __post_init__(self) -> None:
        no_negative_nodes(self, "spot_nodes", "dedicated_nodes", "spot_nodes_outside")
        at_least(timedelta(minutes=1), self, "evaluation_interval")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise InputFault("weekdays must be at least one number from 0 (Sunday) to 6 (Saturday)")
        if not -MAX_OFFSET <= self.utc_offset <= MAX_OFFSET:
            raise InputFault(f"utc_offset is {self.utc_offset:g}; it must be from -{MAX_OFFSET} to {MAX_OFFSET} hours")
        if self.begin == self.end and self.weekdays == EVERY_DAY:
            raise InputFault("the working hours cover the whole week; use fixed_with_burst for nodes that always stay")
        if self.spot_nodes + self.dedicated_nodes < 1:
            raise InputFault("spot_nodes and dedicated_nodes are both 0; one of them must be at least 1")


def formula(scenario: WorkingHours) -> str:
    lines = [
        Line("Batch's clock is UTC; this is local time.", f"localTime = {_local_time(scenario)}"),
        *_open(scenario),
        *_targets(scenario),
        DRAIN,
    ]
    off = "never-reaches-zero" if scenario.spot_nodes_outside else None
    return written("Keeps nodes in working hours.", lines, every=scenario.evaluation_interval, off=off)


def _local_time(scenario: WorkingHours) -> str:
    if not scenario.utc_offset:
        return "time()"
    return f"time() + ({number_text(scenario.utc_offset)} * TimeInterval_Hour)"


def _open(scenario: WorkingHours) -> list[Line]:
    """Return statements that end with `isOpen`; a condition that is always true is left out."""
    workday = Line("Sunday is 0, Monday is 1.", f"isWorkday = {_weekday_test(scenario.weekdays)}")
    clock = Line("Minutes since midnight.", "minuteOfDay = localTime.hour * 60 + localTime.minute")
    working = Line("From the start of work to its end.", f"isWorkingTime = {_time_test(scenario)}")
    if scenario.begin == scenario.end:
        return [workday, Line("Open all day.", "isOpen = isWorkday")]
    if scenario.weekdays == EVERY_DAY:
        return [clock, working, Line("Open every day.", "isOpen = isWorkingTime")]
    return [workday, clock, working, Line("Open in working time of a workday.", "isOpen = isWorkday && isWorkingTime")]


def _weekday_test(weekdays: frozenset[int]) -> str:
    first, last = min(weekdays), max(weekdays)
    if len(weekdays) == 1:
        return f"localTime.weekday == {first}"
    if last - first + 1 == len(weekdays):
        # A test against the first or last day of the week would always be true, which the linter reports.
        bounds = [f"localTime.weekday >= {first}"] * (first > 0) + [f"localTime.weekday <= {last}"] * (last < 6)
        return " && ".join(bounds)
    return " || ".join(f"localTime.weekday == {day}" for day in sorted(weekdays))


def _time_test(scenario: WorkingHours) -> str:
    begin, end = (moment.hour * 60 + moment.minute for moment in (scenario.begin, scenario.end))
    # Midnight is 0: as a begin its test is always true, as an end never, so both are left out.
    after, before = [f"minuteOfDay >= {begin}"] * (begin > 0), [f"minuteOfDay < {end}"] * (end > 0)
    # Hours that pass midnight are those after the begin or before the end.
    return (" && " if begin < end or not end else " || ").join([*after, *before])


def _targets(scenario: WorkingHours) -> list[Line]:
    outside = scenario.spot_nodes_outside
    lines = []
    if scenario.dedicated_nodes:
        statement = f"$TargetDedicatedNodes = isOpen ? {scenario.dedicated_nodes} : 0"
        lines.append(Line("Dedicated nodes are never pre-empted.", statement))
    if scenario.spot_nodes or outside:
        statement = f"$TargetLowPriorityNodes = isOpen ? {scenario.spot_nodes} : {outside}"
        lines.append(Line("Spot nodes are cheap, and may be pre-empted.", statement))
    return lines
