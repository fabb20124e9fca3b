"""`shoal watch` of several jobs, as events for programs, with a notification, and as a screen on a terminal."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from shoal.environment import Environment, to_json
from shoal.errors import WorkFailed
from shoal.runs.job_ending import JobEnding
from shoal.runs.notification import message, notify
from shoal.runs.progress import Counts
from shoal.service_status import Status
from tests.environments import environment_variables
from tests.environments import shoal as run_shoal

JOB = """\
job: {pool: spot}
parameters: {code: {type: int, default: 0}}
stages:
  - {name: work, for_each: {product: {n: [1, 2]}}, command: "test {{ n }} -ne 2 || exit {{ code }}"}
  - {name: merge, after: work, command: sleep 1}
"""
WELL = JobEnding(counts=Counts(succeeded=3), reason="AllTasksComplete", blocked=False)
BADLY = JobEnding(counts=Counts(active=1, succeeded=1, failed=1), reason="no way on", blocked=True)
Shoal = Callable[..., CompletedProcess[str]]


@pytest.fixture
def shoal(service: Status, environment: Environment, tmp_path: Path) -> Shoal:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    (tmp_path / "job.yaml").write_text(JOB)
    return lambda *words: run_shoal(service, tmp_path, *words, "--environment", "environment.json")


def test_several_jobs_are_watched_to_their_ends(shoal: Shoal, name: str) -> None:
    good, bad = f"{name}-good", f"{name}-bad"
    shoal("submit", "job.yaml", "--job", good).check_returncode()
    shoal("submit", "job.yaml", "--job", bad, "-p", "code=7").check_returncode()
    done = shoal("watch", good, bad)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert f"{good}: 3 succeeded, 0 failed (AllTasksComplete)" in lines
    assert [line for line in lines if line.startswith(f"{bad}: 1 succeeded, 1 failed (")]
    assert any(line.startswith(f"{good}: 3 of 3 done") for line in lines)
    assert f"error: job {bad}: 1 of 3 tasks failed, 1 never ran" in done.stderr
    typo = shoal("watch", good, f"{good}x")
    assert (typo.returncode, f"there is no job '{good}x'; did you mean {good}?" in typo.stderr) == (2, True)


def test_events_are_json_lines_that_end_with_the_end(shoal: Shoal, name: str, tmp_path: Path) -> None:
    shoal("submit", "job.yaml", "--job", name, "-p", "code=7").check_returncode()
    words = 'printf "%s|%s|%s" "$SHOAL_JOBS" "$SHOAL_SUCCEEDED" "$SHOAL_TEXT" > notified; cat > notified.json'
    done = shoal("watch", name, "--json", "--notify", words)
    assert done.returncode == 1
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["job_id"] for event in events} == {name}
    assert {event["event"] for event in events} <= {"progress", "message", "failures", "end"}
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[-1]["counts"] == {"active": 1, "running": 0, "succeeded": 1, "failed": 1}
    end = events[-1]
    assert (end["event"], end["succeeded"], end["blocked"]) == ("end", False, True)
    assert [failure["exit_code"] for failure in end["failures"]] == [7]
    jobs, succeeded, text = (tmp_path / "notified").read_text().split("|")
    assert (jobs, succeeded) == (name, "false")
    assert text.startswith(f"job {name}: 1 of 3 tasks failed, 1 never ran")
    assert json.loads((tmp_path / "notified.json").read_text())["text"] == text


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_shows_one_screen_with_stages_nodes_and_cost(
    shoal: Shoal, service: Status, name: str, tmp_path: Path, width: int
) -> None:
    shoal("submit", "job.yaml", "--job", name).check_returncode()
    controller, terminal = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, "-m", "shoal", "watch", name, "--environment", "environment.json"],
        cwd=tmp_path,
        env={**environment_variables(service), "TERM": "xterm", "COLUMNS": str(width), "LINES": "30"},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = "".join(screens(controller))
    assert watching.wait(timeout=30) == 0
    for part in (f"job {name}", "3 of 3 done", "  work", "2 of 2", "  merge", "1 of 1", "USD so far if it were"):
        assert part in shown


def screens(controller: int) -> Iterator[str]:
    """Yield what a command writes to its terminal."""
    try:
        while part := os.read(controller, 4096):
            yield part.decode(errors="replace")
    except OSError:
        """The other end is closed when the command has ended."""
    finally:
        os.close(controller)


@contextmanager
def webhook(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback that keeps the bodies of its requests."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", bodies
        finally:
            server.shutdown()
            serving.join()


def test_webhook_gets_one_message_about_all_jobs() -> None:
    with webhook(200) as (url, bodies):
        notify(url, {"good": WELL, "bad": BADLY})
    (body,) = bodies
    assert body["text"] == "job good: 3 tasks succeeded\njob bad: 1 of 3 tasks failed, 1 never ran (no way on)"
    assert body["succeeded"] is False
    assert [(job["job_id"], job["succeeded"]) for job in body["jobs"]] == [("good", True), ("bad", False)]


def test_notification_that_fails_says_so() -> None:
    with webhook(500) as (url, _), pytest.raises(WorkFailed, match="the webhook was not called: HTTP Error 500"):
        notify(url, {"good": WELL})
    with pytest.raises(WorkFailed, match="the command of --notify ended with exit code 3"):
        notify("exit 3", {"good": WELL})
    assert message({"good": WELL})["succeeded"] is True
