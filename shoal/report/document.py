"""The record of a run as JSON, with the figures that are made of it. Pure."""

from datetime import timedelta
from typing import Any

import orjson

from shoal.report.node_use import cost, node_uses
from shoal.report.record import Record
from shoal.report.stage_figures import by_stage, of_run


def document(record: Record) -> bytes:
    """Return the JSON. Durations are in seconds, times in UTC."""
    uses = node_uses(record)
    content = {
        "job_id": record.job_id,
        "run_id": record.run_id,
        "run_name": record.run_name,
        "read_at": record.read_at,
        "makespan": record.makespan,
        "figures": of_run(record),
        "stages": by_stage(record),
        "cost": cost(record, uses),
        "jobs": record.jobs,
        "pool": record.pool,
        "nodes": uses,
        "parameters": record.parameters,
        "origin": record.origin,
        "environment": record.environment,
        "tasks": record.tasks,
    }
    return orjson.dumps(content, default=_seconds, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)
