"""A sweep of 500 tasks whose submission is killed, some of whose tasks fail, and whose merge has a typing error."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import connected
from shoal.environment import Environment, to_json
from shoal.service_status import Status
from tests.environments import environment_variables, shoal
from tests.waiting import wait_until

JOB = """\
parameters: {here: {}}
job: {pool: spot}
stages:
  - name: square
    for_each: {product: {n: {range: [1, 500]}}}
    command: |
      echo {{ n }} >> {{ here }}/attempts
      if [ {{ n % 100 }} = 7 ] && [ ! -e {{ here }}/mended ]; then exit 9; fi
      echo $(({{ n }} * {{ n }})) > out.txt
    outputs: [{pattern: out.txt}]
  - name: sum
    after: square
    inputs: [{stage: square, to: parts}]
    command: cat parts/{{ job }}/square/*/out.txt | sort -n | tea sum.txt
    outputs: [{pattern: sum.txt}]
"""


@pytest.mark.soak
def test_killed_and_mended_run_of_500_tasks_repeats_nothing(
    service: Status, environment: Environment, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    words = ("--environment", "environment.json")
    file = ("job.yaml", "--job", name, "-p", f"here={tmp_path}", "-p", "run=r", *words)
    submission = subprocess.Popen(
        [sys.executable, "-m", "shoal", "submit", *file], cwd=tmp_path, env=environment_variables(service)
    )
    with connected(environment) as services:

        def is_there() -> bool:
            try:
                return services.batch.get_job(name, select=["id"]).id == name
            except ResourceNotFoundError:
                return False

        wait_until(is_there)
        os.kill(submission.pid, signal.SIGKILL)
        submission.wait()
    assert shoal(service, tmp_path, "run", *file).returncode == 1
    (tmp_path / "mended").touch()
    assert shoal(service, tmp_path, "retry", name, *words).returncode == 0
    assert shoal(service, tmp_path, "watch", name, *words).returncode == 1  # the merge has an error of its own
    (tmp_path / "job.yaml").write_text(JOB.replace("tea sum.txt", "tee sum.txt"))
    corrected = ("-p", f"here={tmp_path}", *words)
    retried = shoal(service, tmp_path, "retry", name, "--with", "job.yaml", *corrected)
    assert retried.stdout == f"{name}-retry-1\n", retried.stderr
    assert shoal(service, tmp_path, "watch", f"{name}-retry-1", *words).returncode == 0
    assert shoal(service, tmp_path, "fetch", name, *words).returncode == 0
    attempts = Counter(map(int, (tmp_path / "attempts").read_text().split()))
    assert attempts == {n: 2 if n % 100 == 7 else 1 for n in range(1, 501)}
    lines = (tmp_path / "results" / name / "sum/sum/sum.txt").read_text().split()
    assert lines == [str(n * n) for n in range(1, 501)]
