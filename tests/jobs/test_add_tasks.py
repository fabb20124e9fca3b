"""The program that adds the tasks of a schedule's job, against a service with bad answers."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from shoal.jobs.schedule.manager import manager_task
from shoal.jobs.schedule.stored_tasks import bodies, job_placeholder
from tests.jobs.builders import IDENTITY, WITH_IDENTITY

PLACEHOLDER = job_placeholder("nightly", "1a2b3c4d")
TASKS = [{"id": f"t{number}", "commandLine": f"echo /{PLACEHOLDER}.1a2b3c4d/"} for number in range(150)]
ADD, END = "addtaskcollection", "terminate"
CUT = -1


def results(*statuses: str, **error: str) -> dict[str, Any]:
    """Return an answer for each task of a collection, the last status for all that are left."""
    spelling = [{"status": status, "taskId": f"t{number}"} for number, status in enumerate(statuses)]
    return {
        "value": [{**one, "error": error} if error and one["status"].lower() != "success" else one for one in spelling]
    }


def all_added(tasks: int) -> tuple[int, Any]:
    return 200, results(*["success"] * tasks)


@dataclass
class Service:
    answers: list[tuple[int, Any]]
    """Answers to the additions, in order."""
    tokens: list[str] = field(default_factory=lambda: ["t0ken"] * 99)
    posts: list[tuple[str, str, Any]] = field(default_factory=list)
    """The name of each call below the job, its authorization, and its body."""
    questions: list[str] = field(default_factory=list)
    """Paths and queries of the requests for tokens."""


@contextmanager
def serving(service: Service) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Metadata"] == "true"
            service.questions.append(self.path)
            self.answer(200, {"access_token": service.tokens.pop(0), "expires_in": "3599"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path, _, query = self.path.partition("?")
            assert query == "api-version=2025-06-01"
            prefix, name = path.rsplit("/", 1)
            assert prefix == "/jobs/nightly:job-3"
            service.posts.append((name, str(self.headers["Authorization"]), body))
            self.answer(*(service.answers.pop(0) if name == ADD else (202, {})))

        def answer(self, status: int, body: Any) -> None:
            content = json.dumps(body, separators=(",", ":")).encode()
            self.send_response(200 if status == CUT else status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if status == CUT else content)
            self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(
    folder: Path, service: Service, tasks: Sequence[dict[str, Any]] = TASKS, *, collections: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a node does, in a working directory with the collections; pauses take no time."""
    stored = dict(bodies(tasks))
    place = folder / ".shoal" / "schedules" / "nightly.1a2b3c4d"
    place.mkdir(parents=True)
    for name, body in stored.items():
        (place / name).write_bytes(body)
    (folder / "bin").mkdir()
    (folder / "bin" / "sleep").write_text("#!/bin/sh\n")
    (folder / "bin" / "sleep").chmod(0o755)
    task = manager_task(
        replace(WITH_IDENTITY, node_identity=IDENTITY),
        folder=".shoal/schedules/nightly.1a2b3c4d",
        collections=len(stored) if collections is None else collections,
        placeholder=PLACEHOLDER,
    )
    with serving(service) as address:
        environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "AZ_BATCH_ACCOUNT_URL": f"{address}/",
            "AZ_BATCH_JOB_ID": "nightly:job-3",
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": address,
        }
        return subprocess.run(
            task["commandLine"], shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )


def added(service: Service) -> list[int]:
    """Return how many tasks each addition has sent."""
    return [len(body["value"]) for name, _, body in service.posts if name == ADD]


def reason(service: Service) -> str:
    """Return the reason with which the job was ended."""
    (body,) = [body for name, _, body in service.posts if name == END]
    return str(body["terminateReason"])


def test_tasks_are_added_by_the_pools_identity_with_the_jobs_own_folder(tmp_path: Path) -> None:
    service = Service([all_added(100), all_added(50)])
    done = run(tmp_path, service)
    assert (done.returncode, done.stderr) == (0, "")
    assert added(service) == [100, 50]
    assert {authorization for _, authorization, _ in service.posts} == {"Bearer t0ken"}
    sent = [task for _, _, body in service.posts for task in body["value"]]
    assert sent[149] == {"id": "t149", "commandLine": "echo /nightly:job-3.1a2b3c4d/"}
    (question,) = map(unquote, service.questions)
    assert question.startswith("/metadata/identity/oauth2/token?api-version=2018-02-01&")
    assert "&resource=https://batch.core.windows.net/&" in question
    assert f"&msi_res_id={IDENTITY}" in question


def test_throttled_failing_and_cut_calls_are_made_again(tmp_path: Path) -> None:
    refused = {"code": "ServerBusy", "message": {"value": "later"}}
    answers = [(429, refused), (503, refused), (500, ""), (CUT, results(*["success"] * 9)), all_added(9)]
    service = Service(answers)
    done = run(tmp_path, service, TASKS[:9])
    assert done.returncode == 0
    assert added(service) == [9] * 5
    assert "HTTP 429 ServerBusy; trying again in 1 s" in done.stderr
    assert "HTTP 000" in done.stderr


def test_tasks_that_are_there_count_and_server_errors_are_tried_again(tmp_path: Path) -> None:
    some = results("success", "servererror", "success", code="ServerError")
    there = results("clienterror", "Success", "ClientError", code="TaskExists")
    service = Service([(200, some), (200, there)])
    assert run(tmp_path, service, TASKS[:3]).returncode == 0
    assert added(service) == [3, 3]


def test_new_token_is_asked_for_when_one_has_expired(tmp_path: Path) -> None:
    service = Service([(401, {"code": "AuthenticationFailed"}), all_added(3)], tokens=["old", "new"])
    assert run(tmp_path, service, TASKS[:3]).returncode == 0
    assert [authorization for _, authorization, _ in service.posts] == ["Bearer old", "Bearer new"]


def test_refused_task_ends_the_job_with_its_code(tmp_path: Path) -> None:
    answer = results("success", "clienterror", "success", code="InvalidPropertyValue", message='"code":"TaskExists"')
    service = Service([(200, answer)])
    done = run(tmp_path, service, TASKS[:3])
    assert done.returncode == 1
    assert reason(service) == "TasksNotAdded: HTTP 200 InvalidPropertyValue"
    assert '"taskId":"t1"' in done.stderr


def test_refused_call_ends_the_job_at_once(tmp_path: Path) -> None:
    service = Service([(400, {"code": "InvalidRequestBody", "message": {"value": "no"}})])
    assert run(tmp_path, service).returncode == 1
    assert added(service) == [100]
    assert reason(service) == "TasksNotAdded: HTTP 400 InvalidRequestBody"


def test_identity_without_the_role_is_given_up_after_a_while(tmp_path: Path) -> None:
    service = Service([(403, {"code": "AuthorizationFailure"})] * 10)
    done = run(tmp_path, service, TASKS[:3])
    assert done.returncode == 1
    assert added(service) == [3] * 10
    assert "HTTP 403 AuthorizationFailure after 10 attempts" in done.stderr


def test_pool_without_the_identity_says_so(tmp_path: Path) -> None:
    service = Service([], tokens=[""] * 11)
    done = run(tmp_path, service, TASKS[:3])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "no token for the identity of the pool after 10 attempts"
    assert service.posts == []


def test_stored_tasks_that_are_gone_end_the_job(tmp_path: Path) -> None:
    service = Service([])
    assert run(tmp_path, service, TASKS[:3], collections=2).returncode == 1
    assert added(service) == []
    assert reason(service) == "TasksNotAdded: the stored tasks are not all there"
