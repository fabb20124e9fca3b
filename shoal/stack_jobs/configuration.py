"""The jobs that a stack's configuration lists under PROJECT:jobs, read and checked."""

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
    """Its place in the configuration: `shoal:jobs[0]`."""
    file: str
    """The job file's path as the configuration has it."""
    path: Path
    parameters: Mapping[str, Any]
    """Values of the job file's parameters; `run` names the run, as `-p run=NAME` does."""
    wait: bool
    """True if the submission waits for the job's end and fails if tasks fail."""


def listed_jobs(stack: Stack) -> list[ListedJob]:
    """Return the jobs in the configuration's order. Raises BadInput with one line for each mistake."""
    key = f"{stack.project.name}:jobs"
    if key in stack.encrypted:
        raise BadInput(f"{key} holds something encrypted; tasks' parameters are readable in Batch ({stack.file})")
    try:
        # Pulumi keeps structured configuration as text in JSON.
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
