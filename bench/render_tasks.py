"""Measure how many task bodies per second `shoal render` renders, its start included."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from measurement import Measurement
from service import SHOAL, service

TASKS = 200_000
"""A row of the sweep below has 200 tasks: 100 sizes in two modes."""
JOB_FILE = """\
job: {id: bench, pool: spot}
stages:
  - name: work
    for_each: {product: {row: {range: [1, ROWS]}, size: {range: [1, 100]}, mode: [fast, slow]}}
    command: python3 work.py --row {{ row }} --size {{ size }} --mode {{ mode }} --out {{ task }}.json
    environment: {SIZE: "{{ size }}"}
    outputs: [{pattern: "*.json"}]
"""


def measure(scale: float) -> Iterator[Measurement]:
    with service() as batch:
        batch.shoal("up", "-s", "local", "-y")
        rows = max(1, int(TASKS * scale) // 200)
        job_file = Path(batch.state) / "job.yaml"
        job_file.write_text(JOB_FILE.replace("ROWS", str(rows)))
        command = [str(SHOAL), "render", str(job_file), "-s", "local"]
        began = time.perf_counter()
        with subprocess.Popen(command, env=batch.environment(), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            count = sum(1 for _ in process.stdout)
        seconds = time.perf_counter() - began
        if process.returncode or count != 200 * rows:
            raise RuntimeError(f"{count} of {200 * rows} tasks were rendered")
        yield Measurement(name="render tasks", value=count / seconds, unit="tasks/s")
