"""Records of runs, from the parts that matter to a test."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shoal.report.record import JobState, PoolRecord, Record, TaskRecord

START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SPOT = f"tvmps_{'a' * 64}_p"


def task(number: int, start: float, end: float | None, **more: Any) -> TaskRecord:
    """A task that was created at the start, and ran in these seconds after it."""
    plain = TaskRecord(
        id=f"work-{number}",
        job="nightly",
        stage="work",
        state="completed" if end is not None else "running",
        result="success" if end is not None else "",
        node=SPOT,
        created=START,
        started=START + timedelta(seconds=start),
        ended=None if end is None else START + timedelta(seconds=end),
    )
    return replace(plain, **more)


def record(tasks: Sequence[TaskRecord], **more: Any) -> Record:
    plain = Record(
        run_id="0a1b2c3d",
        run_name="r1",
        read_at=START + timedelta(hours=2),
        jobs=[JobState(id="nightly", state="completed", reason="AllTasksCompleted", created=START)],
        pool=PoolRecord(id="spot-pool", vm_size="standard_d2s_v3", slots_per_node=4),
        tasks=tasks,
        stages=["work"],
        environment={"project": "shoal", "containers": {"outputs": "outputs"}, "node_identity": None},
    )
    return replace(plain, **more)
