"""A forecast beside the run that follows, and the durations that it is made of."""

from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shoal.connect import Services
from shoal.errors import BadInput, WorkFailed
from shoal.forecast.prices import APPROXIMATE
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.preflight.job_forecast import (
    JobForecast,
    TaskDurations,
    expected_durations,
    given_durations,
    job_forecast,
    measured_durations,
)
from shoal.jobs.preflight.preflight import preflight
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import submit
from shoal.runs.probe import probe
from shoal.runs.stored_run import folders_left
from shoal.runs.task_durations import task_durations
from tests.environments import wait_for_job

JOB = """\
job: {pool: spot}
stages:
  - name: work
    for_each: {product: {n: {range: [1, 16]}}}
    command: sleep 1; echo {{ n }} > out.txt
    outputs: [{pattern: out.txt}]
    expected_time: 1s
  - name: merge
    after: work
    inputs: [{stage: work}]
    command: sleep 0.5; test $(ls {{ job }}/work | wc -l) -ge 1
    expected_time: 0.5s
"""


def read(services: Services, folder: Path, job_id: str, text: str = JOB) -> BoundJob:
    (folder / "job.yaml").write_text(text)
    return bind(read_job_file(folder / "job.yaml", given={}, run="r1", job_id=job_id), services.environment)


def forecast(job: BoundJob, services: Services, durations: TaskDurations) -> JobForecast:
    checked = preflight(job, services, refuse_other_run=lambda *_: None)
    assert checked.plan is not None
    return job_forecast(job, checked.plan, checked.facts, durations, APPROXIMATE, None)


def test_run_takes_about_as_long_as_forecast_and_is_forecast_again_by_its_own_durations(
    services: Services, tmp_path: Path, name: str
) -> None:
    job = read(services, tmp_path, name)
    expected = forecast(job, services, expected_durations(job, {})).forecast
    assert expected is not None
    # Two nodes with four slots: two rounds of one second, then the merge.
    assert expected.makespan_seconds == pytest.approx(2.5, abs=0.05)
    submit(job, make_plan(job), services)
    wait_for_job(services, name)
    tasks = list(services.batch.list_tasks(name))
    ends = [task.execution_info.end_time for task in tasks if task.execution_info and task.execution_info.end_time]
    starts = [task.creation_time for task in tasks if task.creation_time]
    taken = (max(ends) - min(starts)).total_seconds()
    # The bench measures closer than this: here, other tests use the same two cores.
    assert expected.makespan_seconds - 0.05 <= taken <= expected.makespan_seconds * 1.1 + 5
    measured = task_durations(services.batch, name, ["work", "merge"])
    assert {stage: len(seconds) for stage, seconds in measured.items()} == {"work": 16, "merge": 1}
    again = forecast(job, services, measured_durations(measured, f"as in job {name}")).forecast
    assert again is not None
    # In whatever order the tasks are drawn, eight slots that are never idle cannot take longer than this.
    longest = sum(measured["work"]) / 8 + max(measured["work"]) + max(measured["merge"])
    assert expected.makespan_seconds - 0.05 <= again.makespan_seconds <= longest + 0.05


def test_probe_measures_the_first_tasks_of_each_stage_and_leaves_nothing(
    services: Services, tmp_path: Path, name: str
) -> None:
    measured = probe(read(services, tmp_path, name), services, 2)
    assert {stage: len(seconds) for stage, seconds in measured.items()} == {"work": 2, "merge": 1}
    assert all(1 <= seconds < 10 for seconds in measured["work"])
    with pytest.raises(ResourceNotFoundError):
        services.batch.get_job(f"{name}-probe")
    assert folders_left(services, f"{name}-probe") == []


def test_probe_that_fails_says_why_and_leaves_nothing(services: Services, tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkFailed, match=r"the probe did not succeed: .*1 of "):
        probe(read(services, tmp_path, name, JOB.replace("sleep 1;", "false {{ n }} &&")), services, 1)
    with pytest.raises(ResourceNotFoundError):
        services.batch.get_job(f"{name}-probe")


def test_former_job_that_is_not_there_is_refused(services: Services) -> None:
    with pytest.raises(BadInput, match="there is no job 'never-was'"):
        task_durations(services.batch, "never-was", ["work"])


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ([], {"work": 1, "merge": 0.5}),
        (["30s"], {"work": 1, "merge": 0.5}),
        (["work=2m"], {"work": 120, "merge": 0.5}),
    ],
)
def test_given_time_of_a_stage_goes_before_the_files_and_that_of_all_behind_it(
    services: Services, tmp_path: Path, words: list[str], seconds: dict[str, float]
) -> None:
    job = read(services, tmp_path, "j")
    durations = expected_durations(job, given_durations(words, ["work", "merge"]))
    assert {stage: one.mean for stage, one in durations.stages.items()} == seconds


def test_times_without_a_stage_of_that_name_or_of_no_length_are_refused() -> None:
    assert given_durations(["5m", "a=1s"], ["a"]) == {"": timedelta(minutes=5), "a": timedelta(seconds=1)}
    for word, message in (("b=1s", "there is no stage 'b'"), ("soon", "is not a duration"), ("0s", "longer than")):
        with pytest.raises(BadInput, match=message):
            given_durations([word], ["a"])


def test_job_without_durations_gets_the_reason_and_the_ways_to_a_forecast(services: Services, tmp_path: Path) -> None:
    job = read(services, tmp_path, "j", JOB.replace("    expected_time: 0.5s\n", ""))
    result = forecast(job, services, expected_durations(job, {}))
    assert result.forecast is None
    assert result.source == (
        "the durations of tasks of merge are not known; give durations: --expect 30s, expected_time in each stage, "
        "--like JOB, or --probe 5"
    )
