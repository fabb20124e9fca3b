"""Jobs with a schedule in a stack's list: added once, left alone where nothing changed, replaced where the file did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.cli.stack_jobs import show_expected, submit_listed
from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.runs.schedules import details, remove
from shoal.service_status import Status
from shoal.stack_jobs.configuration import ListedJob
from shoal.stack_jobs.job_preview import expected_jobs
from shoal.stack_jobs.submission import plan_all

JOB = """\
parameters: {{last: {{type: int, default: 2}}}}
job: {{id: {name}, pool: spot, schedule: "0 3 * * *", max_time: 1h}}
stages:
  - name: work
    for_each: {{product: {{n: {{range: [1, "{{{{ last }}}}"]}}}}}}
    command: echo {{{{ run }}}} {{{{ n }}}}
"""


@pytest.fixture
def services(
    service: Status, environment: Environment, name: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    with connected(environment) as services:
        yield services
        remove(services, name)


def listed(folder: Path, name: str, **parameters: object) -> ListedJob:
    (folder / "nightly.yaml").write_text(JOB.format(name=name))
    path = folder / "nightly.yaml"
    return ListedJob(key="p:jobs[0]", file="nightly.yaml", path=path, parameters=parameters, wait=False)


def test_listed_schedule_is_added_then_left_alone_and_replaced_once_it_changes(
    services: Services, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = services.environment

    def deployed(**parameters: object) -> list[str]:
        jobs = [listed(tmp_path, name, **parameters)]
        show_expected(expected_jobs(plan_all(jobs, environment), environment))
        (result,) = submit_listed(jobs, environment, err=False)
        assert result.error is None
        assert (result.job_id, result.is_schedule) == (name, True)
        return [line.partition(" of nightly.yaml: ")[2] for line in capsys.readouterr().out.splitlines()]

    expected, added = deployed()
    assert expected == "to be added, with 2 tasks in each of its jobs"
    assert added.startswith("added; 2 tasks in each job, the next one at ")
    etag = services.batch.get_job_schedule(name).etag
    expected, there = deployed()
    assert (expected, there.partition(";")[0]) == ("nothing to be changed", "already there")
    assert services.batch.get_job_schedule(name).etag == etag
    expected, replaced = deployed(last=3)
    assert expected == "to be replaced, with 3 tasks in each of its jobs"
    assert replaced.startswith("replaced; 3 tasks in each job")
    assert details(services.batch, name).jobs == []


def test_nobody_waits_for_the_jobs_of_a_listed_schedule(environment: Environment, name: str, tmp_path: Path) -> None:
    job = listed(tmp_path, name)
    waiting = ListedJob(key=job.key, file=job.file, path=job.path, parameters={}, wait=True)
    with pytest.raises(BadInput, match=r"^p:jobs\[0\]: .*nightly.yaml has a schedule, .*; leave `wait` out"):
        plan_all([waiting], environment)
