"""Photograph the top of a report for its page, with Chromium: report_screenshot.py DIRECTORY

The run is made up; the report is the real one.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shoal.report.page import page
from shoal.report.record import JobState, PoolRecord, Record, TaskRecord

START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NODES = 10
TASKS = 300
WIDTH, HEIGHT = 1000, 1400
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking")


def main() -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("there is no Chromium here; on Debian: apt install chromium")
    picture = Path(sys.argv[1]).absolute() / "report.png"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        report.write_text(page(run()), encoding="utf-8")
        size = f"--window-size={WIDTH},{HEIGHT}"
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", size, f"--screenshot={picture}"]
        subprocess.run([*command, report.as_uri()], check=True, capture_output=True)


def run() -> Record:
    """Return a run of two stages, in which a few tasks failed and one node came late."""
    return Record(
        run_id="0a1b2c3d4e5f",
        run_name="0a1b2c",
        read_at=START + timedelta(hours=1),
        jobs=[JobState(id="nightly", state="completed", reason="AllTasksCompleted", created=START)],
        pool=PoolRecord(id="spot", vm_size="standard_d4s_v5", slots_per_node=1),
        tasks=_tasks(),
        stages=["estimate", "merge"],
        parameters={"draws": 50000, "repetitions": 50},
        environment={"project": "prices", "stack": "prod", "location": "westeurope"},
    )


def _tasks() -> list[TaskRecord]:
    chance = random.Random(7)  # the same picture each time
    free = [90.0 + 12 * node for node in range(NODES)]
    tasks = []
    for number in range(TASKS):
        node = min(range(NODES), key=free.__getitem__)
        begin, duration = free[node], chance.lognormvariate(3.4, 0.45)
        tasks.append(_task(f"estimate-{number}", "estimate", node, begin, duration, failed=chance.random() < 0.01))
        free[node] += duration + 1
    return [*tasks, _task("merge", "merge", 0, max(free) + 2, 24.0)]


def _task(id_: str, stage: str, node: int, begin: float, duration: float, *, failed: bool = False) -> TaskRecord:
    return TaskRecord(
        id=id_,
        job="nightly",
        stage=stage,
        state="completed",
        result="failure" if failed else "success",
        exit_code=int(failed),
        failure="FailureExitCode" if failed else "",
        node=f"tvmps_{node:064x}_p",
        created=START,
        started=START + timedelta(seconds=begin),
        ended=START + timedelta(seconds=begin + duration),
    )


if __name__ == "__main__":
    main()
