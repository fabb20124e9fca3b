"""The tasks of a simulated job that have ended, over time."""

from bisect import bisect_right
from collections.abc import Sequence

from shoal.autoscale.simulation.engine import Outcome
from shoal.autoscale.simulation.workload import Workload

PLACES = 100
"""Points of a course, about: as many as a chart can show."""

Course = Sequence[tuple[float, int]]
"""Seconds since the submission, and the tasks that have ended by then."""


def course(outcome: Outcome, work: Workload, speed: float) -> Course:
    """Return the course of a simulation whose seconds are `speed` to one of the clock."""
    if not work.arrivals:
        return []
    begin, end, done = work.arrivals[0], outcome.tallies.last_end, outcome.tallies.completed
    during = [point for point in outcome.series if begin <= point.second < end]
    points = [
        ((point.second - begin) / speed, bisect_right(work.arrivals, point.second) - point.active - point.running)
        for point in during[:: max(1, len(during) // PLACES)]
    ]
    return [(0.0, 0), *(point for point in points if point[0] > 0), ((end - begin) / speed, done)]
