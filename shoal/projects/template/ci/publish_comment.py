"""Publish comment.md on a pull request: update the comment of an earlier run, found by its first line, or create one.

    python3 ci/publish_comment.py github    with GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST
    python3 ci/publish_comment.py azure     with the variables of a pull request's build and SYSTEM_ACCESSTOKEN

Needs only Python. Sources: GitHub REST, issue comments; Azure DevOps REST 7.1, pull request threads.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = 100


def main() -> None:
    publishers = {"github": publish_to_github, "azure": publish_to_azure}
    if len(sys.argv) != 2 or sys.argv[1] not in publishers:
        sys.exit(f"give one of: {', '.join(publishers)}")
    file = Path("comment.md")
    body = file.read_text(encoding="utf-8") if file.is_file() else ""
    if not body.startswith("<!-- shoal:"):
        sys.exit("comment.md holds no comment; the step before shows the reason")
    try:
        print(publishers[sys.argv[1]](body))
    except urllib.error.HTTPError as exc:
        sys.exit(f"{exc.url} answers {exc.code} {exc.reason}: {exc.read().decode(errors='replace')}")
    except urllib.error.URLError as exc:
        sys.exit(f"the comment could not be published: {exc.reason}")


def publish_to_github(body: str) -> str:
    issues = f"{_variable('GITHUB_API_URL')}/repos/{_variable('GITHUB_REPOSITORY')}/issues"
    comments = f"{issues}/{_variable('PULL_REQUEST')}/comments"
    token = _variable("GITHUB_TOKEN")
    for comment in _pages(comments, token):
        if (comment["user"] or {}).get("type") == "Bot" and _has_marker(comment["body"], body):
            _call("PATCH", f"{issues}/comments/{comment['id']}", token, {"body": body})
            return f"updated comment {comment['id']}"
    created = _call("POST", comments, token, {"body": body})
    return f"created comment {created['id']}"


def publish_to_azure(body: str) -> str:
    threads = (
        f"{_variable('SYSTEM_COLLECTIONURI')}{_variable('SYSTEM_TEAMPROJECTID')}/_apis/git/repositories/"
        f"{_variable('BUILD_REPOSITORY_ID')}/pullRequests/{_variable('SYSTEM_PULLREQUEST_PULLREQUESTID')}/threads"
    )
    token = _variable("SYSTEM_ACCESSTOKEN")
    version = "api-version=7.1"
    for thread in _call("GET", f"{threads}?{version}", token)["value"]:
        first = next(iter(thread["comments"]), None)
        if first and not first.get("isDeleted") and _has_marker(first.get("content") or "", body):
            address = f"{threads}/{thread['id']}/comments/{first['id']}?{version}"
            _call("PATCH", address, token, {"content": body})
            return f"updated thread {thread['id']}"
    comment = {"parentCommentId": 0, "content": body, "commentType": "text"}
    created = _call("POST", f"{threads}?{version}", token, {"comments": [comment], "status": "closed"})
    return f"created thread {created['id']}"


def _variable(name: str) -> str:
    """Return a variable of the environment; exit where it is missing."""
    value = os.environ.get(name)
    if not value:  # a workflow sets a variable without a value to an empty text
        sys.exit(f"{name} is not set")
    return value


def _has_marker(published: str, body: str) -> bool:
    """Return whether a published comment has the first line, the marker, of this one."""
    return published.splitlines()[:1] == body.splitlines()[:1]


def _pages(address: str, token: str) -> Iterator[Any]:
    page = 1
    while comments := _call("GET", f"{address}?per_page={PAGE}&page={page}", token):
        yield from comments
        page += 1


def _call(method: str, address: str, token: str, content: Any = None) -> Any:
    request = urllib.request.Request(
        address,
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


if __name__ == "__main__":
    main()
