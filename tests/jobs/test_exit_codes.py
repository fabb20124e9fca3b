from pathlib import Path
from typing import Any

import pytest

from shoal.connect import Services
from shoal.errors import BadInput
from shoal.jobs.binding.bound_job import bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.submit.plan import make_plan
from shoal.jobs.submit.submit import job_body, submit
from tests.environments import wait_for_job
from tests.jobs.builders import bound, one_stage, tasks


def conditions(folder: Path, keys: str) -> dict[str, Any]:
    task = tasks(folder, one_stage(f"command: x\n{keys}"))[0]
    found: dict[str, Any] = task.get("exitConditions", {})
    return found


def test_exit_codes_and_ranges_become_conditions_beside_the_default(tmp_path: Path) -> None:
    assert conditions(tmp_path, "exit_codes: {3: continue, 10-19: block}") == {
        "exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "satisfy"}}],
        "exitCodeRanges": [{"start": 10, "end": 19, "exitOptions": {"dependencyAction": "block"}}],
    }
    assert conditions(tmp_path, "exit_codes: {'0': stop, 4: disable}\non_failure: continue") == {
        "exitCodes": [
            {"code": 0, "exitOptions": {"dependencyAction": "block", "jobAction": "terminate"}},
            {"code": 4, "exitOptions": {"dependencyAction": "block", "jobAction": "disable"}},
        ],
        "default": {"dependencyAction": "satisfy", "jobAction": "none"},
    }


def test_job_performs_the_actions_of_exit_codes(tmp_path: Path) -> None:
    for keys, action in {"{3: disable}": "performexitoptionsjobaction", "{3: continue}": "noaction"}.items():
        job = bound(tmp_path, one_stage(f"command: x\nexit_codes: {keys}"))
        assert job_body(job, make_plan(job))["onTaskFailure"] == action


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("exit_codes: {256: stop}", "it must be an exit code from 0 to 255, or a range such as 10-19"),
        ("exit_codes: {19-10: stop}", "it must be an exit code from 0 to 255, or a range such as 10-19"),
        ("exit_codes: {some: stop}", "it must be an exit code from 0 to 255, or a range such as 10-19"),
        ("exit_codes: {3-: stop}", "it must be an exit code from 0 to 255, or a range such as 10-19"),
        ("exit_codes: {3: retry}", r"it must be 'block', 'continue', 'stop' or 'disable'"),
        (
            "pool: big",
            r"stages\[0\] is wrong: a job of Batch has one pool for all its stages; give this stage a job file",
        ),
        ("priority: 5", r"stages\[0\] is wrong: a job of Batch has one priority for all its stages"),
    ],
)
def test_effect_that_batch_does_not_have_is_refused(tmp_path: Path, keys: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        conditions(tmp_path, keys)


def test_code_that_continues_lets_the_next_stage_run_and_another_stops_the_job(
    services: Services, tmp_path: Path, name: str
) -> None:
    (tmp_path / "job.yaml").write_text(
        "job: {pool: spot}\nstages:\n"
        "  - {name: a, command: exit 3, exit_codes: {3: continue}}\n"
        "  - {name: b, after: a, command: exit 14, exit_codes: {10-19: stop}}\n"
        "  - {name: c, after: b, command: x}\n"
    )
    job = bind(read_job_file(tmp_path / "job.yaml", given={}, run="r1", job_id=name), services.environment)
    submit(job, make_plan(job), services)
    wait_for_job(services, name)
    codes = {task.id: task.execution_info and task.execution_info.exit_code for task in services.batch.list_tasks(name)}
    assert codes == {"a": 3, "b": 14, "c": None}
