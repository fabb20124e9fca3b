"""Jobs that no schedule can make, and stacks on which none can run."""

from dataclasses import replace
from pathlib import Path

import pytest

from shoal.environment import Authentication, Environment
from shoal.errors import BadInput
from shoal.jobs.preflight.schedule_checks import schedule_findings
from shoal.jobs.preflight.service_facts import PoolFacts, ServiceFacts
from shoal.jobs.submit.plan import make_plan
from tests.jobs.builders import ENVIRONMENT, WITH_IDENTITY, bound

ABLE = replace(WITH_IDENTITY, nodes_add_tasks=True)
TWO = """\
job: {{id: nightly, pool: spot, schedule: "0 3 * * *"{job}}}
stages:
  - {{name: make, command: 'true', outputs: [{{pattern: a}}]{make}}}
  - {{name: sum, after: make, command: 'true'{sum}}}
"""


def planned(folder: Path, text: str, environment: Environment = ABLE) -> int:
    return make_plan(bound(folder, text, environment)).tasks


@pytest.mark.parametrize(
    "parts",
    [
        {"job": ", max_time: 1h", "make": "", "sum": ""},
        {"job": "", "make": ", on_failure: stop", "sum": ""},
        {"job": "", "make": ", on_failure: continue", "sum": ""},
    ],
)
def test_job_that_ends_by_itself_after_any_failure_can_be_scheduled(tmp_path: Path, parts: dict[str, str]) -> None:
    assert planned(tmp_path, TWO.format(**parts)) == 2


@pytest.mark.parametrize(
    ("parts", "line", "message"),
    [
        ({}, 3, "after a failure in 'make', the tasks that wait for it would keep the job active for ever"),
        ({"make": ", on_failure: end"}, 3, "after a failure in 'make'"),  # ended by who watches, and nobody does
        ({"job": ", max_time: 1h", "make": ", skip: exists"}, 3, "leave `skip` out"),
        ({"job": ", max_time: 1h", "sum": ", for_each: {outputs: make}"}, 4, "run the job from cron or CI instead"),
    ],
)
def test_job_that_needs_somebody_beside_batch_is_refused(
    tmp_path: Path, parts: dict[str, str], line: int, message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, TWO.format(**{"job": "", "make": "", "sum": "", **parts}))
    assert f"job.yaml line {line}: " in str(caught.value)
    assert message in str(caught.value)


def test_end_that_has_passed_is_refused_without_a_service(tmp_path: Path) -> None:
    times = "{every: 1h, start: 2020-01-01, end: 2021-01-01}"
    text = TWO.format(job=", max_time: 1h", make="", sum="").replace('"0 3 * * *"', times)
    with pytest.raises(BadInput, match=r"job.yaml line 1: .*the schedule ends at 2021-01-01T00:00:00Z, before"):
        planned(tmp_path, text)


@pytest.mark.parametrize("job_id", ["id: 'nightly-{{ run }}', ", ""])
def test_schedule_needs_an_id_of_its_own(tmp_path: Path, job_id: str) -> None:
    text = f'job: {{{job_id}pool: spot, schedule: "0 3 * * *"}}\nstages: [{{name: one, command: "true"}}]\n'
    with pytest.raises(BadInput, match=r"give `id` without {{ run }}; Batch numbers its jobs, as in nightly:job-1"):
        planned(tmp_path, text)


def test_stage_cannot_be_called_as_the_task_that_adds_the_others(tmp_path: Path) -> None:
    text = 'job: {id: n, pool: spot}\nstages: [{name: schedule_manager, command: "true"}]\n'
    with pytest.raises(BadInput, match="'schedule_manager' is the id of the task that adds the others"):
        planned(tmp_path, text)


def sentences(folder: Path, environment: Environment, *, containers: bool = False, files: int = 0) -> list[str]:
    text = TWO.format(job=", max_time: 1h", make="", sum="")
    facts = ServiceFacts(pool=PoolFacts(vm_size="", task_slots_per_node=4, runs_containers=containers), packages={})
    found = schedule_findings(bound(folder, text, environment), facts, local_files=files)
    return [f"{'problem' if one.is_problem else 'warning'}: {one.sentence}" for one in found]


def test_stack_must_have_given_its_nodes_the_right(tmp_path: Path) -> None:
    assert sentences(tmp_path, ABLE) == []
    (refusal,) = sentences(tmp_path, WITH_IDENTITY)
    assert refusal.startswith("problem: the nodes of stack 'local' may not add tasks")
    assert "set shoal:jobSchedules to true and run `shoal up`" in refusal


@pytest.mark.parametrize(("authentication", "days"), [(Authentication.SHARED_KEY, 30), (Authentication.ENTRA, 7)])
def test_addresses_that_end_to_work_are_refused(tmp_path: Path, authentication: Authentication, days: int) -> None:
    signed = replace(ENVIRONMENT, authentication=authentication, nodes_add_tasks=True)
    (refusal,) = sentences(tmp_path, signed)
    assert refusal.startswith("problem: ")
    assert f"addresses that stop working after {days} days, and the schedule with them" in refusal


def test_pool_for_containers_is_refused_and_files_of_the_day_are_a_warning(tmp_path: Path) -> None:
    assert sentences(tmp_path, ABLE, containers=True, files=2) == [
        "problem: a pool for containers runs no task without one, and the task that adds the others has none; choose "
        "another pool, or run the job from cron or CI",
        "warning: each job reads the 2 files of this submission, as it is now; submit again after a change",
    ]
