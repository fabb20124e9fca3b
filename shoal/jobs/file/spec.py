"""The job file as a person writes it: its keys, their types, their defaults. Reading it opens nothing.

Strings that are rendered for each task stay templates here; all others were rendered before they came.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shoal.jobs.file.calendar_date import CalendarDate
from shoal.jobs.file.schedule_spec import Schedule
from shoal.jobs.file.sweep_spec import ForEach
from shoal.jobs.file.task_spec import (
    Command,
    Container,
    ExitAction,
    ExitCodes,
    Input,
    Logs,
    OnFailure,
    Output,
    Preparation,
    Release,
    Secret,
    Shell,
    Skip,
    When,
)
from shoal.jobs.file.values import (
    MAX_INTEGER,
    FiniteJson,
    JobFileSection,
    Name,
    OneOrMore,
    PositiveDuration,
    Scalar,
    VariableName,
    matching,
)
from shoal.jobs.run_record import RESERVED_METADATA

RESERVED_NAMES = frozenset({"run", "job", "stage", "task"})
"""Names that templates see beside parameters and axes."""
TASK_LEVEL = frozenset({"command", "coordination", "environment", "inputs", "outputs", "slots"})
"""The keys of a stage that are rendered for each task."""
JOB_TASKS = ("preparation", "release")
"""The keys of `job` that are tasks of their own."""


def _bound(value: object) -> object:
    try:
        return CalendarDate(value) if isinstance(value, str) and value.count("-") == 2 else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as exc:
        raise PydanticCustomError("bound", "it must be a number, or a date such as 2026-01-31") from exc


def _own_metadata(value: str) -> str:
    if value.startswith(RESERVED_METADATA):
        raise PydanticCustomError("metadata", "it cannot begin with {prefix}", {"prefix": RESERVED_METADATA})
    return value


StageName = Annotated[
    str,
    *matching("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", "1 to 32 letters, digits, - and _, beginning with a letter or digit"),
]
Bound = Annotated[
    Any, BeforeValidator(_bound), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "format": "date"}]})
]


class Parameter(JobFileSection):
    """A value that can be set from outside: `-p NAME=VALUE`."""

    type: Literal["int", "float", "str", "bool", "list", "choice", "date", "path"] = "str"
    """The type of the value: `choice` is one of `choices`, `path` a file or a directory that exists."""
    default: FiniteJson = None
    """The value where none is given. Without a default the parameter must be given."""
    description: str = ""
    """A sentence for the people who set the parameter."""
    choices: list[Scalar] = []
    """The only values that are allowed."""
    min: Bound | None = None
    """The smallest number, or the first date, that is allowed."""
    max: Bound | None = None
    """The largest number, or the last date, that is allowed."""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type == "choice" and not self.choices:
            raise PydanticCustomError("choices", "it must have choices, as its type is choice")
        for bound in (self.min, self.max):
            if bound is not None and isinstance(bound, CalendarDate) is not (self.type == "date"):
                raise PydanticCustomError("bounds", "min and max must be dates for a date, and else numbers")
        return self

    @property
    def is_required(self) -> bool:
        return "default" not in self.model_fields_set


class Job(JobFileSection):
    """The job as a whole."""

    id: str | None = None
    """The job's id; the name of the run if left out."""
    pool: Annotated[str, Field(min_length=1)]
    """The name of a pool of the stack."""
    schedule: Schedule | None = None
    """The times at which Batch makes such a job by itself: a cron line, or a mapping."""
    priority: int = Field(default=0, ge=-1000, le=1000)
    """The priority among the jobs of the account, from -1000 to 1000."""
    retries: int = Field(default=0, ge=-1, le=MAX_INTEGER)
    """Attempts after the first, for tasks of stages without their own; -1 is no limit."""
    max_time: PositiveDuration | None = None
    """The longest time of the whole job."""
    environment: dict[VariableName, Scalar] = {}
    """Environment variables of every task."""
    shell: Shell = Shell.SH
    """The shell of commands that are a line: /bin/sh, or /bin/bash. Stages can have their own."""
    metadata: dict[Annotated[str, AfterValidator(_own_metadata)], str] = {}
    """Name/value pairs stored with the job."""
    secrets: dict[Name, Secret] = {}
    """Environment variables of every task whose values stand nowhere but in a vault, or in the store of the machine."""
    preparation: Preparation | None = None
    """A task that runs on each node before the job's first task there."""
    release: Release | None = None
    """A task that runs on these nodes when the job ends."""

    @model_validator(mode="after")
    def _names_each_variable_once(self) -> Self:
        for name in self.secrets.keys() & self.environment.keys():
            raise PydanticCustomError("variable", "{name} is both in environment and in secrets", {"name": name})
        return self

    @model_validator(mode="after")
    def _releases_what_was_prepared(self) -> Self:
        """Source: Batch REST, Job - Create, `jobReleaseTask`: it needs a job preparation task."""
        if self.release is not None and self.preparation is None:
            raise PydanticCustomError("release", "release needs a preparation: it runs on the nodes that were prepared")
        return self


class Dependency(JobFileSection):
    """An earlier stage, of whose tasks each task waits for some only."""

    stage: str
    """The name of the earlier stage."""
    each: bool = False
    """True where each task waits for the one task with the same values of that stage's axes."""
    by: OneOrMore = []
    """Axes of that stage. Each task waits for all tasks with the same values of these axes."""

    @property
    def is_grouped(self) -> bool:
        return self.each or bool(self.by)

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if self.each and self.by:
            raise PydanticCustomError("dependency", "it has either each or by")
        return self


def _dependency_form(value: object) -> str:
    match value:
        case str():
            return "stage's name"
        case dict() | Dependency():
            return "dependency"
        case _:
            return "several stages"


_OneDependency = Annotated[
    Annotated[str, Tag("stage's name")] | Annotated[Dependency, Tag("dependency")], Discriminator(_dependency_form)
]
After = Annotated[
    Annotated[str, Tag("stage's name")]
    | Annotated[Dependency, Tag("dependency")]
    | Annotated[list[_OneDependency], Tag("several stages")],
    Discriminator(_dependency_form),
]


class Stage(JobFileSection):
    """Tasks that run the same command, one for each point of a sweep, or one."""

    name: StageName
    """The name of the stage, which begins the ids of its tasks."""
    for_each: ForEach | None = None
    """The sweep. Without one, the stage has one task, or one for each group that it waits for."""
    after: After = []
    """Stages whose tasks must end before these start: names, or `{stage: NAME, by: AXIS}` for a part of them."""
    command: Command
    """A line for the shell, or a list of words that is run without a shell."""
    shell: Shell | None = None
    """The shell of the command, instead of the job's."""
    container: Container | None = None
    """The container that each task runs in."""
    packages: OneOrMore = []
    """Application packages of the stack that tasks use."""
    inputs: list[Input] = []
    """Files that each task reads."""
    outputs: list[Output] = []
    """Files that are kept of each task."""
    slots: Annotated[int, Field(ge=1)] | str = 1
    """Task slots that each task takes on its node."""
    instances: Annotated[int, Field(ge=2, le=MAX_INTEGER)] | None = None
    """Nodes on which each task runs at once, such as the ranks of MPI. The command runs on the first of them."""
    coordination: Command | None = None
    """The command that runs on all of these nodes first, such as the start of a service that the command needs."""
    retries: Annotated[int, Field(ge=-1, le=MAX_INTEGER)] | None = None
    """Attempts after the first, instead of the job's; -1 is no limit."""
    max_time: PositiveDuration | None = None
    """The longest time of one attempt of a task."""
    expected_time: PositiveDuration | None = None
    """The time that a task usually takes, for the forecast of `shoal plan`. It limits nothing."""
    environment: dict[VariableName, Scalar] = {}
    """Environment variables of each task."""
    logs: Logs = Logs.COMPLETION
    """The results of tasks for which stdout and stderr are kept."""
    skip: Skip = Skip.NEVER
    """`exists`: a task does not run if its outputs are there from an earlier run, made of the same content."""
    on_failure: OnFailure = OnFailure.BLOCK
    """The effect of a failed task on the tasks that depend on it, and on the job."""
    exit_codes: dict[ExitCodes, ExitAction] = {}
    """Effects of certain exit codes, such as 3 or 10-19, instead of `on_failure`."""

    @model_validator(mode="before")
    @classmethod
    def _has_keys_of_a_task(cls, value: object) -> object:
        """Source: Batch REST, Job - Create: a job has one `poolInfo` and one `priority`; tasks have neither."""
        for key in ("pool", "priority"):
            if isinstance(value, dict) and key in value:
                raise PydanticCustomError(
                    "key_of_job",
                    "a job of Batch has one {key} for all its stages; give this stage a job file of its own, which "
                    "reads this job's outputs: `inputs` with `container: outputs` and `blobs` or `blob`",
                    {"key": key},
                )
        return value

    @model_validator(mode="after")
    def _coordinates_its_instances(self) -> Self:
        """Source: Batch REST, Task - Create, MultiInstanceSettings (2025-06-01): both are required."""
        if (self.instances is None) is not (self.coordination is None):
            raise PydanticCustomError("instances", "instances and coordination belong together")
        return self

    @model_validator(mode="after")
    def _has_outputs_to_skip(self) -> Self:
        if self.skip is Skip.EXISTS and not self.kept_outputs:
            raise PydanticCustomError("skip_outputs", "skip belongs to a stage with outputs that success leaves")
        return self

    @property
    def kept_outputs(self) -> list[Output]:
        """The outputs that a successful task leaves."""
        return [output for output in self.outputs if output.when is not When.FAILURE]

    @property
    def dependencies(self) -> list[Dependency]:
        after = self.after if isinstance(self.after, list) else [self.after]
        named = [Dependency(stage=one) if isinstance(one, str) else one for one in after]
        source = self.for_each.outputs if self.for_each else None
        implied = source is not None and all(link.stage != source for link in named)
        return [*named, Dependency(stage=source)] if source is not None and implied else named

    @property
    def waits_for(self) -> list[str]:
        """The names of the earlier stages."""
        return [dependency.stage for dependency in self.dependencies]

    @property
    def sweep_of(self) -> Dependency | None:
        """The dependency whose groups are the points of this stage, as it has no sweep of its own."""
        if self.for_each is not None:
            return None
        return next((dependency for dependency in self.dependencies if dependency.is_grouped), None)

    @property
    def is_swept(self) -> bool:
        """True for a stage whose tasks have points, which are in their ids."""
        return self.for_each is not None or self.sweep_of is not None

    def waits_for_part_of(self, stage: str | None) -> Dependency | None:
        """Return the dependency on some of a stage's tasks, if there is one."""
        return next((link for link in self.dependencies if link.stage == stage and link.is_grouped), None)


class Spec(JobFileSection):
    """A job file."""

    include: OneOrMore = []
    """Files with parameters, keys of the job and stages that this one begins with, relative to it."""
    macros: OneOrMore = []
    """Files with macros of Jinja2 that every template may call, relative to this one."""
    parameters: dict[Name, Parameter] = {}
    """Values that can be set from outside, by name."""
    job: Job
    """The id, the pool and the limits of the job."""
    stages: list[Stage] = Field(min_length=1)
    """The stages, each after those that it waits for."""
