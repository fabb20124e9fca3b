"""The script that comments on a pull request keeps to one comment."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pull_request_server import PullRequests, pull_requests
from tests.services import TEMPLATE

SCRIPT = TEMPLATE / "ci" / "publish_comment.py"


@pytest.fixture
def server() -> Iterator[PullRequests]:
    with pull_requests() as kept:
        yield kept


def publish(system: str, server: PullRequests, directory: Path, body: str) -> str:
    done = published(system, server, directory, body)
    assert done.returncode == 0, done.stderr
    assert server.tokens == {"Bearer t"}
    return done.stdout


def published(
    system: str, server: PullRequests, directory: Path, body: str, **others: str
) -> subprocess.CompletedProcess[str]:
    (directory / "comment.md").write_text(body)
    environment = {
        "GITHUB_API_URL": server.address,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t",
        "PULL_REQUEST": "7",
        "SYSTEM_COLLECTIONURI": f"{server.address}/org/",
        "SYSTEM_TEAMPROJECTID": "project",
        "BUILD_REPOSITORY_ID": "repository",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "8",
        "SYSTEM_ACCESSTOKEN": "t",
        **others,
    }
    arguments = [sys.executable, str(SCRIPT), system]
    return subprocess.run(
        arguments, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_github_comment_is_created_once_and_then_updated(server: PullRequests, tmp_path: Path) -> None:
    others: list[dict[str, Any]] = [
        {"id": i + 1, "user": {"type": "User"}, "body": "<!-- shoal:dev -->\nme too"} for i in range(150)
    ]
    others[0]["user"] = None  # of an account that is gone
    server.comments.extend(others)
    assert publish("github", server, tmp_path, "<!-- shoal:dev -->\nfirst\n") == "created comment 151\n"
    assert publish("github", server, tmp_path, "<!-- shoal:prod -->\nother\n") == "created comment 152\n"
    assert publish("github", server, tmp_path, "<!-- shoal:dev -->\nsecond\n") == "updated comment 151\n"
    assert [comment["body"] for comment in server.comments[149:]] == [
        "<!-- shoal:dev -->\nme too",
        "<!-- shoal:dev -->\nsecond\n",
        "<!-- shoal:prod -->\nother\n",
    ]


def test_azure_thread_is_created_once_and_then_updated(server: PullRequests, tmp_path: Path) -> None:
    server.threads.append({"id": 1, "comments": [{"id": 1, "isDeleted": True}]})
    server.threads.append({"id": 2, "comments": []})
    assert publish("azure", server, tmp_path, "<!-- shoal:dev -->\nfirst\n") == "created thread 3\n"
    assert publish("azure", server, tmp_path, "<!-- shoal:dev -->\nsecond\n") == "updated thread 3\n"
    assert server.threads[2]["comments"][0]["content"] == "<!-- shoal:dev -->\nsecond\n"


@pytest.mark.parametrize("system", ["github", "azure"])
def test_nothing_is_published_where_there_is_no_comment(system: str, server: PullRequests, tmp_path: Path) -> None:
    refused = published(system, server, tmp_path, "")
    assert refused.returncode == 1
    assert "comment.md holds no comment" in refused.stderr
    assert (server.comments, server.threads) == ([], [])


@pytest.mark.parametrize(
    ("system", "variable"), [("github", "GITHUB_TOKEN"), ("github", "PULL_REQUEST"), ("azure", "SYSTEM_ACCESSTOKEN")]
)
def test_missing_variable_is_named(system: str, variable: str, server: PullRequests, tmp_path: Path) -> None:
    refused = published(system, server, tmp_path, "<!-- shoal:dev -->\nfirst\n", **{variable: ""})
    assert (refused.returncode, refused.stderr) == (1, f"{variable} is not set\n")


def test_failing_or_missing_server_is_reported_in_one_line(server: PullRequests, tmp_path: Path) -> None:
    body = "<!-- shoal:dev -->\nfirst\n"
    refused = published("github", server, tmp_path, body, GITHUB_API_URL=f"{server.address}/elsewhere")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "/elsewhere/repos/o/r/issues/7/comments?" in refused.stderr
    nobody = published("github", server, tmp_path, body, GITHUB_API_URL="http://127.0.0.1:1")
    assert nobody.stderr.startswith("the comment could not be published: ")


def test_unknown_system_is_refused(server: PullRequests, tmp_path: Path) -> None:
    assert published("gitlab", server, tmp_path, "").stderr == "give one of: github, azure\n"
