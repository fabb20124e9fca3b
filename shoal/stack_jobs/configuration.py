"""The jobs that a stack's configuration lists under PROJECT:jobs. They are checked here only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shoal.errors import BadInput
from shoal.projects.project import Stack
from shoal.validation_messages import sentence, spelling, without_consequences


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(min_length=1)]
    parameters: dict[str, JsonValue] = {}
    wait: StrictBool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    key: str
    """The key in the configuration: `shoal:jobs[0]`."""
    file: str
    """The path as written in the configuration."""
    path: Path
    parameters: Mapping[str, Any]
    """`run` among them names the run, as `-p run=NAME` does."""
    wait: bool
    """True to watch the job to its end, and to fail the submission where a task fails."""


def listed_jobs(stack: Stack) -> list[ListedJob]:
    """Return the jobs in the order of the configuration. Raises BadInput with all mistakes, one line each."""
    key = f"{stack.project.name}:jobs"
    if key in stack.encrypted:
        raise BadInput(f"{key} holds something encrypted; the parameters of a task can be read in Batch ({stack.file})")
    try:
        entries = TypeAdapter(list[_Entry]).validate_python(_listed(stack.config.get(key, "[]")))
    except ValidationError as exc:
        errors = without_consequences(exc.errors(include_url=False), list[_Entry])
        raise BadInput("\n".join(f"{_explained(error, key)} ({stack.file})" for error in errors)) from exc
    return [
        ListedJob(
            key=f"{key}[{index}]",
            file=entry.file,
            path=stack.project.directory / entry.file,
            parameters=entry.parameters,
            wait=entry.wait,
        )
        for index, entry in enumerate(entries)
    ]


def _listed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _explained(error: ErrorDetails, key: str) -> str:
    return sentence(error, f"{key}{spelling(['', *error['loc']])}", list[_Entry])
