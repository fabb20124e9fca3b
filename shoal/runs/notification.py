"""Tell somebody that watched jobs have ended: a webhook gets JSON, a command gets variables and the same JSON."""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from shoal.errors import WorkFailed
from shoal.runs.job_ending import JobEnding

SECONDS = 30.0


def notify(target: str, endings: Mapping[str, JobEnding]) -> None:
    """Call the webhook, for an address of HTTP, or run the command. Raises WorkFailed where that fails."""
    document = message(endings)
    if target.lower().startswith(("http://", "https://")):
        _call(target, document)
    else:
        _run(target, document)


def message(endings: Mapping[str, JobEnding]) -> dict[str, Any]:
    """Return the notification. `text` is what chat services show of the body of a webhook."""
    return {
        "text": "\n".join(sentence(job_id, ending) for job_id, ending in endings.items()),
        "succeeded": all(ending.succeeded for ending in endings.values()),
        "jobs": [
            {"job_id": job_id, "succeeded": ending.succeeded, **asdict(ending)} for job_id, ending in endings.items()
        ],
    }


def sentence(job_id: str, ending: JobEnding) -> str:
    if ending.succeeded:
        return f"job {job_id}: {ending.counts.succeeded} tasks succeeded"
    return f"job {job_id}: {ending.problem} ({ending.reason})"


def _call(url: str, document: Mapping[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(url, data=orjson.dumps(document), headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except (urllib.error.URLError, OSError, ValueError) as exc:
        raise WorkFailed(f"the webhook was not called: {exc}") from exc


def _run(command: str, document: Mapping[str, Any]) -> None:
    """Run a line of the shell."""
    variables = {
        "SHOAL_JOBS": " ".join(job["job_id"] for job in document["jobs"]),
        "SHOAL_SUCCEEDED": "true" if document["succeeded"] else "false",
        "SHOAL_TEXT": document["text"],
    }
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            input=orjson.dumps(document),
            env={**os.environ, **variables},
            check=False,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise WorkFailed(f"the command of --notify did not end: {exc}") from exc
    if done.returncode != 0:
        raise WorkFailed(f"the command of --notify ended with exit code {done.returncode}")
