"""Bodies that Batch or its nodes cannot take, which are found before anything is created."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from shoal.jobs.binding.bound_job import BoundStage
from shoal.jobs.file.shell import MAX_ARGUMENT

MAX_BODY = 1_000_000
"""Bytes. Source: Batch REST, Task - Add Collection: a request below 1 MB; larger ones end with RequestBodyTooLarge."""
_KEYS = {
    "commandLine": "command",
    "multiInstanceSettings": "coordination",
    "resourceFiles": "inputs",
    "outputFiles": "outputs",
    "environmentSettings": "environment",
    "containerSettings": "container",
}
_NULL = b"\\u0000"


def sendable_body(stage: BoundStage, task: Mapping[str, Any], name: str) -> bytes:
    """Return a task as JSON. Raises BadInput for a null byte, and for one that is too long; `name` is the task's."""
    try:
        body = orjson.dumps(task)
    except TypeError as exc:  # half of a surrogate pair
        raise stage.mistake(f"task {name} cannot be sent as JSON: {exc}") from exc
    if _NULL in body:  # or a backslash before u0000
        _refuse_null_bytes(stage, task, name)
    if len(body) >= MAX_ARGUMENT:
        _refuse_long_arguments(stage, task, name)
    if len(body) >= MAX_BODY:
        raise stage.mistake(
            f"task {name} takes {len(body):,} bytes as JSON, and Batch takes less than {MAX_BODY:,}; "
            "put long lists into a file that is an input"
        )
    return body


def _refuse_null_bytes(stage: BoundStage, task: Mapping[str, Any], name: str) -> None:
    for field, value in task.items():
        if any("\0" in text for text in _texts(value)):
            key = _KEYS.get(field)
            raise stage.mistake(f"the {key or field} of task {name} has a null byte", *([key] if key else []))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _refuse_long_arguments(stage: BoundStage, task: Mapping[str, Any], name: str) -> None:
    """Source: execve(2): one argument, or `NAME=value` of the environment, has at most 32 pages with its end."""
    longest = max(len(word.encode()) for word in shlex.split(task["commandLine"]))
    if longest > MAX_ARGUMENT:
        raise stage.mistake(
            f"the command of task {name} has an argument of {longest:,} bytes, and Linux takes {MAX_ARGUMENT:,}; "
            "put the text into a file that is an input",
            "command",
        )
    for variable in task.get("environmentSettings", []):
        if len(f"{variable['name']}={variable['value']}".encode()) > MAX_ARGUMENT:
            raise stage.mistake(
                f"the variable {variable['name']} of task {name} is longer than the {MAX_ARGUMENT:,} bytes that Linux "
                "takes; put the text into a file that is an input",
                "environment",
            )
