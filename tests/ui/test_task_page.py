"""The page of a task: its facts, its live log and its files."""

from collections.abc import Iterator

import pytest

from shoal.connect import Services, connected
from shoal.environment import Environment
from shoal.ui.task_view import SHOWN, Tail
from tests.ui.test_job_page import MARKUP, add_job
from tests.ui.visitor import Visitor


@pytest.fixture
def services(environment: Environment) -> Iterator[Services]:
    with connected(environment) as found:
        yield found


def test_log_grows_while_the_task_runs_and_the_page_says_how_it_ended(
    visitor: Visitor, services: Services, name: str
) -> None:
    add_job(services, name, {"talks": f"echo '{MARKUP}'; sleep 4; echo second; echo fault >&2; exit 5"})
    events = (content for _, content in visitor.events(f"/jobs/{name}/tasks/talks"))
    running = next(page for page in events if page["logs"][0]["text"])
    assert (running["logs"][0]["text"], running["task"]["state"]) == (f"{MARKUP}\n", "running")
    ended = next(page for page in events if page["task"]["state"] == "completed" and page["logs"][1]["text"])
    assert ended["logs"][0]["text"] == f"{MARKUP}\nsecond\n"
    assert ended["logs"][1]["text"] == "fault\n"
    assert (ended["task"]["exit_code"], ended["task"]["failure"], ended["pool"]) == (5, "FailureExitCode", "spot")
    assert "stdout.txt" in {file["path"] for file in ended["files"]}
    assert "sleep 4" in ended["command"]


def test_task_that_does_not_exist_says_so(visitor: Visitor, services: Services, name: str) -> None:
    add_job(services, name, {})
    problem = visitor.until(f"/jobs/{name}/tasks/odd", lambda _: True, kind="problem")
    assert f"job '{name}' has no task 'odd'" in problem["problem"]


def test_only_the_end_of_a_long_log_is_kept() -> None:
    tail = Tail(name="stdout.txt").with_more(b"a" * SHOWN, SHOWN).with_more(b"end", SHOWN + 3)
    assert len(tail.end) == SHOWN
    assert tail.log.text.endswith("aend")
    assert tail.log.bytes == SHOWN + 3


def test_what_is_no_text_in_a_log_is_shown_as_a_sign() -> None:
    tail = Tail(name="stdout.txt").with_more(b"\x1b[31mred\x1b[0m \xff\x00", 20)
    assert tail.log.text == "red \ufffd\ufffd"
