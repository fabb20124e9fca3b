"""The report as one HTML file, which loads nothing and runs nothing. Pure but for its template."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from shoal.report import chart
from shoal.report.histogram import histogram
from shoal.report.node_use import cost, node_uses
from shoal.report.record import Record, TaskRecord
from shoal.report.stage_figures import by_stage, of_run
from shoal.report.timeline import timeline
from shoal.report.units import shown_amount, shown_duration, shown_number, shown_time

MOST_ROWS = 10
"""Rows of the tables of single tasks."""
MOST_NODES = 50
_ESCAPE_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and the like, which a page cannot hold."""


def page(record: Record) -> str:
    """Return the page. What comes from tasks and files is text in it, never markup."""
    uses = node_uses(record)
    times = timeline(record, uses)
    retried = sorted((task for task in record.tasks if task.retries), key=lambda task: -task.retries)
    longest = sorted((task for task in record.tasks if task.duration), key=_duration, reverse=True)
    return _template().render(
        record=record,
        figures=of_run(record),
        stages=by_stage(record),
        uses=uses[:MOST_NODES],
        more_nodes=max(0, len(uses) - MOST_NODES),
        nodes=len(uses),
        cost=cost(record, uses),
        timeline=times,
        running=chart.area(times) if times else None,
        rows=chart.rows(times) if times else None,
        histograms=list(_histograms(record)),
        longest=longest[:MOST_ROWS],
        retried=retried[:MOST_ROWS],
        parameters=list(record.parameters.items()),
        origin=list(_leaves(record.origin)),
        environment=list(_leaves(record.environment)),
    )


def plain_text(text: str) -> str:
    """Return the text as a page can hold it: without colours of terminals, with a sign for what is no character."""
    return _NOT_IN_HTML.sub("\ufffd", _ESCAPE_SEQUENCES.sub("", text.replace("\r\n", "\n")))


def _duration(task: TaskRecord) -> timedelta:
    return task.duration or timedelta()


def _histograms(record: Record) -> Iterator[dict[str, Any]]:
    for name, title, note, times in (
        ("durations", "Duration of tasks", "From the start to the end of the last attempt.", "duration"),
        (
            "waits",
            "Waiting time of tasks",
            "From the creation of a task to the start of its last attempt. Waiting for other stages is part of it.",
            "waited",
        ),
    ):
        made = histogram(getattr(task, times) for task in record.tasks)
        yield {"name": name, "title": title, "note": note, "histogram": made, "chart": chart.bars(made)}


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in a document of mappings, by their paths."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters |= {
        "duration": shown_duration,
        "time": shown_time,
        "number": shown_number,
        "amount": shown_amount,
        "middle": _without_middle,
    }
    return environment.get_template("page.html.j2")


def _without_middle(name: str) -> str:
    """Return the ends of a long name, which tell one from another: ids of nodes have 72 characters."""
    return name if len(name) <= 30 else f"{name[:14]}…{name[-12:]}"


def _finalized(value: Any) -> Any:
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value
