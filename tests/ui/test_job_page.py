"""The page of a job and its table of tasks: data, filters, actions, and jobs that vanish."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import models

from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.service_status import Status
from shoal.ui.task_list_view import ROWS, Continuations
from tests.environments import wait_for_job
from tests.ui.swept_job import submit_file
from tests.ui.visitor import Visitor, visited

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


FORECAST_JOB = """
job: {pool: spot}
stages:
  - {name: wait, command: sleep 0.5, expected_time: 1s, for_each: {product: {n: {range: [1, 9]}}}}
"""


@pytest.fixture
def services(environment: Environment, service: Status) -> Iterator[Services]:
    with connected(environment) as found:
        yield found


@pytest.fixture(scope="module")
def ended(environment: Environment, service: Status) -> str:
    """A job that has ended: sixty tasks of which two failed, with markup in their logs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOAL_STATE", service.state_dir)
        with connected(environment) as services:
            add_job(services, "ui-ended", {f"t-{number:02}": "exit 0" for number in range(58)} | failing())
            services.batch.update_job("ui-ended", models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
            wait_for_job(services, "ui-ended")
    return "ui-ended"


def test_job_page_has_counts_kinds_of_failures_and_the_times_of_its_tasks(visitor: Visitor, ended: str) -> None:
    page = visitor.until(f"/jobs/{ended}", lambda page: page["explanation"])
    assert (page["job"]["state"], page["counts"]["succeeded"], page["pool"]) == ("completed", 58, "spot")
    (kind,) = page["explanation"]["failures"]
    assert (kind["tasks"], kind["exit_code"]) == (2, 3)
    times = page["explanation"]["times"]
    assert (times["tasks"], times["is_all"]) == (60, True)
    assert sum(node["tasks"] for node in times["nodes"]) == 60
    assert times["rows"]["boxes"]
    assert times["cost"]["least"] > 0


def test_job_page_has_the_forecast_of_its_submission_beside_how_it_went(
    visitor: Visitor, services: Services, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(FORECAST_JOB)
    submit_file(services, file, name)
    page = visitor.until(f"/jobs/{name}", lambda page: page["forecast"] and page["job"]["state"] == "completed")
    kept = page["forecast"]["kept"]
    # Eight slots of the pool take the nine tasks in two rounds of a second.
    assert kept["source"] == "as expected"
    assert kept["expected"]["makespan_seconds"] == pytest.approx(2, rel=0.1)
    assert kept["expected"]["cost"] > 0
    assert (page["done"]["done"][-1], page["done"]["expected"][-1]) == (9, 9)
    assert len(page["done"]["times"]) == len(page["done"]["expected"])


def test_job_without_a_forecast_says_why(visitor: Visitor, services: Services, ended: str, name: str) -> None:
    other = visitor.until(f"/jobs/{ended}", lambda page: page["forecast"])
    assert other["forecast"]["problem"] == "another client made this job"
    assert (other["done"]["done"][-1], other["done"]["expected"]) == (60, [])


def test_first_reading_of_a_job_is_quick_and_leaves_what_takes_long_to_the_next(
    visitor: Visitor, services: Services, name: str
) -> None:
    add_job(services, name, {"one": "exit 0"})
    events = visitor.events(f"/jobs/{name}")
    assert next(events)[1]["explanation"] is None
    assert any(page["explanation"] for _, page in events)


def test_markup_in_a_log_reaches_the_page_as_the_text_that_it_is(visitor: Visitor, ended: str) -> None:
    page = visitor.until(f"/jobs/{ended}", lambda page: page["explanation"])
    (kind,) = page["explanation"]["failures"]
    assert MARKUP in kind["stderr"]


def test_tasks_come_a_page_at_a_time_and_a_page_has_the_same_address_again(visitor: Visitor, ended: str) -> None:
    first = visitor.document(f"/jobs/{ended}/tasks")
    assert (len(first["tasks"]), first["is_first"]) == (ROWS, True)
    second = visitor.document(f"/jobs/{ended}/tasks?after={first['next']}")
    assert (len(second["tasks"]), second["is_first"], second["next"]) == (60 - ROWS, False, None)
    assert {task["id"] for task in first["tasks"]}.isdisjoint(task["id"] for task in second["tasks"])
    assert visitor.document(f"/jobs/{ended}/tasks")["next"] == first["next"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=failed", ["f-1", "f-2"]),
        ("state=running", []),
        ("start=t-0&state=completed", [f"t-{number:02}" for number in range(10)]),
        ("start=it's", []),
    ],
)
def test_tasks_are_filtered_by_the_service(visitor: Visitor, ended: str, query: str, ids: list[str]) -> None:
    page = visitor.document(f"/jobs/{ended}/tasks?{query}")
    assert sorted(task["id"] for task in page["tasks"]) == ids


def test_key_of_a_page_that_this_server_never_gave_leads_to_the_first_page(visitor: Visitor, ended: str) -> None:
    page = visitor.document(f"/jobs/{ended}/tasks?after=http://evil.example/")
    assert page["is_first"]


def test_browser_never_gets_a_link_that_the_server_would_follow() -> None:
    continuations = Continuations()
    key = continuations.key("http://127.0.0.1:1/account/jobs/j/tasks?skiptoken=1")
    assert key is not None
    assert "http" not in key
    assert continuations.link(key) == "http://127.0.0.1:1/account/jobs/j/tasks?skiptoken=1"
    assert continuations.link("http://evil.example/") is None


def test_filter_by_a_state_that_tasks_do_not_have_is_refused(visitor: Visitor) -> None:
    answer = visitor.get("/events?page=/jobs/any/tasks%3Fstate%3Dodd")
    assert answer.status == 404
    assert "there is no state 'odd' of tasks" in answer.text


def test_job_that_does_not_exist_says_so_and_leaves_the_other_pages_alone(visitor: Visitor) -> None:
    problem = visitor.until("/jobs/never-there", lambda _: True, kind="problem")
    assert "there is no job 'never-there'" in problem["problem"]
    assert problem["is_away"] is False
    assert visitor.document("/")["stack"] == "local"


def test_job_that_is_deleted_under_the_page_says_so(visitor: Visitor, services: Services, name: str) -> None:
    add_job(services, name, {})
    events = visitor.events(f"/jobs/{name}")
    assert next(events)[0] == "document"
    services.batch.begin_delete_job(name).wait()
    kind, content = next((kind, content) for kind, content in events if kind != "document")
    assert (kind, content["is_away"]) == ("problem", False)
    assert f"there is no job '{name}'" in content["problem"]


def test_cancel_ends_the_job(visitor: Visitor, services: Services, name: str) -> None:
    add_job(services, name, {"long": "sleep 60"})
    answer = visitor.post(f"/actions/jobs/{name}/cancel")
    assert (answer.status, json.loads(answer.text)) == (200, {"done": f"Job {name} is cancelled."})
    wait_for_job(services, name)


def test_retry_runs_failed_tasks_again(visitor: Visitor, services: Services, name: str) -> None:
    add_job(services, name, {"fails": "exit 1", "works": "exit 0"})
    visitor.until(f"/jobs/{name}", lambda page: page["counts"]["failed"] == 1 and page["counts"]["succeeded"] == 1)
    answer = visitor.post(f"/actions/jobs/{name}/retry")
    assert json.loads(answer.text) == {"done": f"1 failed task runs again in job {name}."}


def test_action_on_what_does_not_exist_is_refused_with_the_reason(visitor: Visitor) -> None:
    answer = visitor.post("/actions/jobs/never-there/cancel")
    assert answer.status == 400
    assert "there is no job 'never-there'" in json.loads(answer.text)["problem"]


def test_action_without_the_cookie_or_by_get_does_nothing(visitor: Visitor, services: Services, name: str) -> None:
    add_job(services, name, {})
    stranger = Visitor(addresses=visitor.addresses, port=visitor.port)
    assert stranger.post(f"/actions/jobs/{name}/cancel").status == 403
    assert visitor.get(f"/actions/jobs/{name}/cancel").status == 405
    assert services.batch.get_job(name).state == "active"


def test_read_only_page_offers_no_action_and_refuses_each(
    environment: Environment, services: Services, name: str
) -> None:
    add_job(services, name, {})
    with visited(lambda: environment, read_only=True) as visitor:
        visitor.open()
        assert "data-read-only" in visitor.get("/").text
        answer = visitor.post(f"/actions/jobs/{name}/cancel")
        assert answer.status == 403
        assert "--read-only" in json.loads(answer.text)["problem"]
    assert services.batch.get_job(name).state == "active"


def failing() -> dict[str, str]:
    return {f"f-{number}": f"echo '{MARKUP}' >&2; exit 3" for number in (1, 2)}


def add_job(services: Services, job_id: str, tasks: dict[str, str]) -> None:
    pool = services.environment.pools["spot"].id
    services.batch.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool)))
    for task_id, line in tasks.items():
        command = f'/bin/sh -c "{line}"'
        services.batch.create_task(job_id, models.BatchTaskCreateOptions(id=task_id, command_line=command))
