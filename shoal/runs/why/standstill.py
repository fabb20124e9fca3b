"""Listed jobs with the sentence of `shoal why` for those whose tasks wait, or are still to be added."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.runs.listing import JobRow
from shoal.runs.why.collection import collect
from shoal.runs.why.decision import findings

MOST = 10
"""Jobs that are looked at: each takes about ten requests."""
IN_FLIGHT = 4
NOT_ADDED = ("tasks-missing", "stages-to-add", "no-tasks")
"""Rows that block no task, as the tasks are not there."""
OVER = ("completed", "terminating", "deleting")


def with_reasons(services: Services, rows: Sequence[JobRow]) -> list[JobRow]:
    """Return the rows, the first few jobs that have not ended with their own reason instead of their pool's."""
    looked_at = [row for row in rows if row.state not in OVER][:MOST]
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        reasons = dict(pool.map(lambda row: (row.id, reason_to_stand_still(services, row.id)), looked_at))
    return [replace(row, waits_for=reasons.get(row.id) or row.waits_for) for row in rows]


def reason_to_stand_still(services: Services, job_id: str) -> str | None:
    """Return the first reason of `shoal why` for which tasks do not run, or None. Reads no task's stderr."""
    try:
        found = findings(collect(services, job_id, most_stderr=0))
    except BadInput:  # it was deleted since it was listed
        return None
    return next((finding.sentence for finding in found if finding.blocks or finding.code in NOT_ADDED), None)
