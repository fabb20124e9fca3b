"""The parts of a task as a person writes them: its command, and the files that it reads and leaves."""

import re
import shlex
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shoal.jobs.file.values import (
    MAX_INTEGER,
    JobFileSection,
    PositiveDuration,
    Scalar,
    VariableName,
    exactly_one,
    matching,
)

LONGEST_RELEASE = timedelta(minutes=15)
"""Source: Batch REST, Job - Create, JobReleaseTask, maxWallClockTime (2025-06-01)."""


def _command(value: object) -> object:
    if not isinstance(value, str | list) or value == []:
        raise PydanticCustomError("command", "it must be a line for the shell, or a list of words")
    return value


def _exit_codes(value: object) -> object:
    """Accept `3` and `10-19`, in order; YAML reads a code as a number."""
    text = str(value)
    first, _, last = text.partition("-")
    codes = [int(code) for code in (first, last or first) if re.fullmatch("[0-9]{1,3}", code)]
    if len(codes) != 2 or not codes[0] <= codes[1] <= 255 or text.endswith("-"):
        raise PydanticCustomError("exit_codes", "it must be an exit code from 0 to 255, or a range such as 10-19")
    return text


FileMode = Annotated[str, *matching("0?[0-7]{3}", "three octal digits such as 755")]
ExitCodes = Annotated[
    str, BeforeValidator(_exit_codes), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,3}(-[0-9]{1,3})?$"})
]
"""An exit code, or a range of them."""
Command = Annotated[
    Annotated[str, Field(min_length=1), Tag("line for the shell")]
    | Annotated[list[Scalar], Field(min_length=1), Tag("list of words")],
    Discriminator(lambda value: "list of words" if isinstance(value, list) else "line for the shell"),
    BeforeValidator(_command),
]


class Input(JobFileSection):
    """A file, or files, that a task reads. It has exactly one of `from`, `blobs`, `blob` and `stage`."""

    source: str | None = Field(default=None, alias="from")  # a keyword of Python
    """A file beside the job file, which is uploaded, or an http(s) address."""
    blob: str | None = None
    """The name of one blob in the container."""
    blobs: str | None = None
    """The prefix of blobs in the container."""
    stage: str | None = None
    """An earlier stage whose outputs are read."""
    pattern: str | None = None
    """The files of `stage` that are kept, as each of its tasks names them, such as `*.csv`."""
    file: str | None = None
    """One file of `stage`, as TASK/FILE."""
    container: str | None = None
    """The container of `blob` or `blobs`; the inputs container if left out."""
    to: str | None = None
    """The path below the working directory."""
    mode: FileMode | None = None
    """The file mode in octal, such as 755."""

    @model_validator(mode="after")
    def _is_one_source(self) -> Self:
        if self.container is not None and self.blobs is None and self.blob is None:
            raise PydanticCustomError("container", "container belongs to an input with blob or blobs")
        if self.stage is None and not (self.pattern is None and self.file is None):
            raise PydanticCustomError("pattern_of_stage", "pattern and file belong to an input with stage")
        if self.pattern is not None and self.file is not None:
            raise PydanticCustomError("pattern_and_file", "it has either pattern or file")
        return exactly_one(self, "source", "blobs", "blob", "stage")


class When(StrEnum):
    """The result of a task for which files are kept."""

    SUCCESS = "success"
    FAILURE = "failure"
    COMPLETION = "completion"


class Logs(StrEnum):
    """The results of tasks for which logs are kept."""

    COMPLETION = "completion"
    FAILURE = "failure"
    NEVER = "never"


class OnFailure(StrEnum):
    """The effect of a task that failed for good on the rest of its job."""

    BLOCK = "block"
    CONTINUE = "continue"
    STOP = "stop"
    END = "end"


class ExitAction(StrEnum):
    """The effect of a task that ended with a certain exit code."""

    BLOCK = "block"
    CONTINUE = "continue"
    STOP = "stop"
    DISABLE = "disable"


class Shell(StrEnum):
    """The shell that runs commands."""

    SH = "sh"
    BASH = "bash"


class Skip(StrEnum):
    """The condition under which tasks do not run again."""

    NEVER = "never"
    EXISTS = "exists"


class Output(JobFileSection):
    """Files that are kept of a task."""

    pattern: str = Field(min_length=1)
    """A file, or files, below the working directory; `*` and `?` match as in a shell."""
    when: When = When.SUCCESS
    """The result of the task for which the files are kept."""


class WorkingDirectory(StrEnum):
    """The directory in which the command of a container begins."""

    TASK = "task"
    IMAGE = "image"


class Container(JobFileSection):
    """The container that each task runs in. The pool must be made for containers."""

    image: str = Field(min_length=1, pattern=r"^\S+$")
    """The image, such as ubuntu:24.04 or example.azurecr.io/solver:3."""
    run_options: str = ""
    """Further options for the command that creates the container, such as `--shm-size 2g`."""
    working_directory: WorkingDirectory = WorkingDirectory.TASK
    """`task`: the directory with the inputs, from which outputs are kept; `image`: the one that the image names."""

    @field_validator("run_options")
    @classmethod
    def _is_a_list_of_words(cls, value: str) -> str:
        try:
            shlex.split(value)
        except ValueError as exc:
            raise PydanticCustomError("run_options", "it must be words as in a shell, with each quote closed") from exc
        return value


KeyVaultSecret = Annotated[
    str,
    *matching(
        r"https://[A-Za-z0-9-]{3,24}\.vault\.azure\.net/secrets/[A-Za-z0-9-]{1,127}(/[0-9a-f]{32})?",
        "the address of a secret, such as https://VAULT.vault.azure.net/secrets/NAME",
    ),
]


class Secret(JobFileSection):
    """A value that is known only where the task runs. On the embedded service it is in the store of the machine."""

    key_vault: KeyVaultSecret | None = None
    """The address of the secret in Azure Key Vault, which nodes read by their identity."""


class JobTask(JobFileSection):
    """A task of the job itself, which runs on each node that runs tasks of the job."""

    command: Command
    """A line for the shell, or a list of words that is run without a shell."""
    shell: Shell | None = None
    """The shell of the command, instead of the job's."""
    inputs: list[Input] = []
    """Files that the task reads."""
    environment: dict[VariableName, Scalar] = {}
    """Environment variables of the task."""

    @model_validator(mode="after")
    def _reads_no_stage(self) -> Self:
        if any(source.stage is not None for source in self.inputs):
            raise PydanticCustomError("input_of_job", "a task of the job itself cannot read what a stage wrote")
        return self


class Preparation(JobTask):
    """The task that runs on a node before the job's first task there."""

    retries: int = Field(default=0, ge=-1, le=MAX_INTEGER)
    """Attempts after the first; -1 is no limit."""
    max_time: PositiveDuration | None = None
    """The longest time of one attempt."""
    wait_for_success: bool = True
    """True if a node gets no task of the job before this one has succeeded there."""
    rerun_after_reboot: bool = True
    """True if it runs again where a node has restarted after it had succeeded."""


class Release(JobTask):
    """The task that runs at the end of the job, on each node on which the preparation ran."""

    max_time: PositiveDuration = LONGEST_RELEASE
    """The longest time of the task: at most 15 minutes."""

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        if self.max_time > LONGEST_RELEASE:
            raise PydanticCustomError("release_time", "max_time of release must be at most 15m, Batch's own limit")
        return self
