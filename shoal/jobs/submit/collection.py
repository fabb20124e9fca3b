"""Add up to 100 tasks by one call, repeated until each task is there or refused.

The client's own retries are off here: they stop after three throttled answers and do not know a collection's parts.

Source: Batch REST, Task - Create Task Collection: 100 tasks and 1 MB at most; 200 with a status for each task;
`TaskExists` is what an earlier, lost attempt leaves behind; 413 asks for fewer at a time.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from azure.batch import BatchClient
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpRequest

API_VERSION = "2025-06-01"
MAX_TASKS = 100
# A margin below Batch's 1 MB; a collection that is too large all the same is halved after its 413.
MAX_BYTES = 900_000
REFUSALS_KEPT = 5
PATIENCE = timedelta(minutes=5)
"""Time after which a collection is given up while the service throttles or is away."""
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_HEADERS = {"content-type": "application/json; odata=minimalmetadata"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTask:
    id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    task_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    added: int = 0
    already_there: int = 0
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    """The first few refusals."""

    def __add__(self, other: "Added") -> "Added":
        return Added(
            added=self.added + other.added,
            already_there=self.already_there + other.already_there,
            refused=self.refused + other.refused,
            refusals=(self.refusals + other.refusals)[:REFUSALS_KEPT],
        )


@dataclass(slots=True)
class Patience:
    """The waiting between attempts; spent PATIENCE after the first of them."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    attempts: int = 0
    began: float = field(default=0.0)

    def is_spent_after_waiting(self, requested: float | None) -> bool:
        if self.attempts == 0:
            self.began = self.now()
        if self.now() - self.began > PATIENCE.total_seconds():
            return True
        # "At once" counts as no request: followed to the letter, it would be a loop without a pause.
        self.sleep(requested or min(30.0, 0.25 * 2**self.attempts))
        self.attempts += 1
        return False


def encoded(tasks: Iterable[dict[str, Any]]) -> Iterator[EncodedTask]:
    return (EncodedTask(id=task["id"], body=orjson.dumps(task)) for task in tasks)


def collections(tasks: Iterable[EncodedTask]) -> Iterator[list[EncodedTask]]:
    """Split tasks into collections, each as large as one call takes."""
    chunk: list[EncodedTask] = []
    size = 0
    for task in tasks:
        if len(chunk) == MAX_TASKS or (chunk and size + len(task.body) > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(task)
        size += len(task.body) + 1  # the comma
    if chunk:
        yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    outcome: Added = field(default_factory=Added)
    again: Sequence[EncodedTask] = ()
    """Tasks that the service did not get to."""
    wait: float | None = None
    """Seconds to wait, where the service requests it."""
    error: AzureError | None = None


def add(client: BatchClient, job_id: str, tasks: Sequence[EncodedTask], patience: Patience | None = None) -> Added:
    """Add the tasks. Raises AzureError where a whole call is refused (no such job, a wrong key), or patience ends."""
    done, patience = Added(), patience or Patience()
    while tasks:
        attempt = _attempt(client, job_id, tasks)
        done, tasks = done + attempt.outcome, attempt.again
        if tasks and patience.is_spent_after_waiting(attempt.wait):
            if attempt.error is not None:
                raise attempt.error
            return done + _refused([_refusal(task.id, "ServerError", "") for task in tasks])
    return done


def _attempt(client: BatchClient, job_id: str, tasks: Sequence[EncodedTask]) -> Attempt:
    try:
        return _sorted_results(_send(client, job_id, tasks), tasks)
    except HttpResponseError as exc:
        if exc.status_code == 413:
            return Attempt(outcome=_in_halves(client, job_id, tasks))
        if exc.status_code not in _TRY_AGAIN:
            raise
        return Attempt(again=tasks, wait=_retry_after(exc), error=exc)
    except (ServiceRequestError, ServiceResponseError) as exc:
        return Attempt(again=tasks, error=exc)


def _send(client: BatchClient, job_id: str, tasks: Sequence[EncodedTask]) -> list[dict[str, Any]]:
    request = HttpRequest(
        "POST",
        f"/jobs/{job_id}/addtaskcollection",
        params={"api-version": API_VERSION},
        headers=_HEADERS,
        content=b'{"value":[' + b",".join([task.body for task in tasks]) + b"]}",
    )
    response = client.send_request(request, retry_total=0)
    results: list[dict[str, Any]] = orjson.loads(response.content)["value"]
    return results


def _sorted_results(results: list[dict[str, Any]], tasks: Sequence[EncodedTask]) -> Attempt:
    """Sort the results by their status, whose spelling differs between versions of the service."""
    added, already_there, refused, again = 0, 0, [], set()
    for result in results:
        code = result.get("error", {}).get("code")
        match result["status"].lower():
            case "success":
                added += 1
            case "clienterror" if code == "TaskExists":
                already_there += 1
            case "clienterror":
                refused.append(_refusal(result["taskId"], code, result["error"]["message"]["value"]))
            # A server's error: the task may be added at the next attempt.
            case _:
                again.add(result["taskId"])
    return Attempt(
        outcome=Added(added=added, already_there=already_there) + _refused(refused),
        again=[task for task in tasks if task.id in again],
    )


def _in_halves(client: BatchClient, job_id: str, tasks: Sequence[EncodedTask]) -> Added:
    if len(tasks) == 1:
        return _refused([_refusal(tasks[0].id, "RequestBodyTooLarge", f"{len(tasks[0].body)} bytes")])
    middle = len(tasks) // 2
    return add(client, job_id, tasks[:middle]) + add(client, job_id, tasks[middle:])


def _refused(refusals: Sequence[Refusal]) -> Added:
    return Added(refused=len(refusals), refusals=tuple(refusals))


def _refusal(task_id: str, code: str, message: str) -> Refusal:
    return Refusal(task_id=task_id, code=code, message=(message.splitlines() or [""])[0])


def _retry_after(exc: HttpResponseError) -> float | None:
    header: str = getattr(exc.response, "headers", {}).get("Retry-After", "")
    return float(header) if header.isdigit() else None
