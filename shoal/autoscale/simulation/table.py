"""Reports side by side in one table, for people."""

from collections.abc import Callable, Mapping

from shoal.autoscale.simulation.report import Report

Row = tuple[str, Callable[[Report], str]]


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def _rerun(report: Report) -> str:
    return f"{report.killed} / {report.evicted}"


ROWS: tuple[Row, ...] = (
    ("tasks completed", lambda report: f"{report.completed} of {report.tasks}"),
    ("tasks lost", lambda report: str(report.lost)),
    ("tasks rerun: killed / evicted", _rerun),
    ("evictions", lambda report: str(report.evictions)),
    ("work wasted, slot-hours", lambda report: f"{report.wasted_slot_hours:.1f}"),
    ("makespan", lambda report: _clock(report.makespan)),
    ("wait, median", lambda report: _clock(report.wait_median)),
    ("wait, 95 %", lambda report: _clock(report.wait_p95)),
    ("peak nodes", lambda report: str(report.peak_nodes)),
    ("node-hours, Spot", lambda report: f"{report.spot_node_hours:.1f}"),
    ("node-hours, dedicated", lambda report: f"{report.dedicated_node_hours:.1f}"),
    ("node-hours over the ideal", lambda report: f"{report.over_ideal:+.1%}"),
    ("cost", lambda report: f"{report.cost:.2f}"),
    ("nodes idle", lambda report: f"{report.idle_share:.1%}"),
    ("slots used", lambda report: f"{report.slot_use:.1%}"),
    ("zero nodes after", lambda report: "never" if report.zero_after is None else _clock(report.zero_after)),
    ("evaluations failed", lambda report: f"{report.failed_evaluations} of {report.evaluations}"),
)


def rows(reports: Mapping[str, Report]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows, with one column for each formula."""
    return ["", *reports], [[title, *(shown(report) for report in reports.values())] for title, shown in ROWS]
