"""The job file as a person writes it: its keys, their types, their defaults. Reading it opens nothing.

Strings that are rendered for each task stay templates here; all others were rendered before they came.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shoal.duration_type import Duration
from shoal.jobs.file.calendar_date import CalendarDate

RESERVED_NAMES = frozenset({"run", "job", "stage", "task"})
"""Names that templates see beside parameters and axes."""
RESERVED_METADATA = "shoal_"
"""The beginning of the names under which a job's metadata hold the record of its run."""

MAX_INTEGER = 2**31 - 1
"""Integers of Batch have 32 bits."""

S = TypeVar("S", bound=BaseModel)


def matching(pattern: str, meaning: str) -> tuple[AfterValidator, Any]:
    """Annotate text that has a pattern; `meaning` says it for those who do not read patterns."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("pattern", "it must be {meaning}", {"meaning": meaning})
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | float | bool):
        raise PydanticCustomError("scalar", "it must be text, a number, true or false")
    return value


def _number(value: object) -> object:
    try:
        float(value)  # type: ignore[arg-type]  # whatever it is
    except (TypeError, ValueError) as exc:
        raise PydanticCustomError("number", "it must be a number") from exc
    return value


def _bound(value: object) -> object:
    try:
        return CalendarDate(value) if isinstance(value, str) and value.count("-") == 2 else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as exc:
        raise PydanticCustomError("bound", "it must be a number, or a date such as 2026-01-31") from exc


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


def _own_metadata(value: str) -> str:
    if value.startswith(RESERVED_METADATA):
        raise PydanticCustomError("metadata", "it cannot begin with {prefix}", {"prefix": RESERVED_METADATA})
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise PydanticCustomError("duration", "it must be longer than nothing")
    return value


Name = Annotated[str, *matching("[A-Za-z_][A-Za-z0-9_]*", "a name of letters, digits and _")]
StageName = Annotated[
    str,
    *matching("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", "1 to 32 letters, digits, - and _, beginning with a letter or digit"),
]
FileMode = Annotated[str, *matching("0?[0-7]{3}", "three octal digits such as 755")]
# The checks come before the unions, of which pydantic would report one mistake for each member.
Scalar = Annotated[str | int | float | bool, BeforeValidator(_scalar)]
VariableName = Annotated[str, *matching("[^=\\x00]+", "a name without =")]
Bound = Annotated[
    Any, BeforeValidator(_bound), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "format": "date"}]})
]
Number = Annotated[int | float, BeforeValidator(_number)]
TASK_LEVEL = frozenset({"command", "environment", "inputs", "outputs", "slots"})
"""The keys of a stage that are rendered for each task."""


ExitCodes = Annotated[
    str, BeforeValidator(_exit_codes), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,3}(-[0-9]{1,3})?$"})
]
"""An exit code, or a range of them."""
PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
OneOrMore = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    # The schema of a list alone would not show that one item may stand without brackets.
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One item, or a list of them."""


class JobFileSection(BaseModel):
    """A mapping of the job file, which holds known keys only."""

    # The strings below the fields become the descriptions in the published schema.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Parameter(JobFileSection):
    """A value that can be set from outside: `-p NAME=VALUE`."""

    type: Literal["int", "float", "str", "bool", "list", "choice", "date", "path"] = "str"
    """The type of the value: `choice` is one of `choices`, `path` a file or a directory that exists."""
    default: JsonValue = None
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


Command = Annotated[
    Annotated[str, Field(min_length=1), Tag("line for the shell")]
    | Annotated[list[Scalar], Field(min_length=1), Tag("list of words")],
    Discriminator(lambda value: "list of words" if isinstance(value, list) else "line for the shell"),
    BeforeValidator(_command),
]


class RangeAxis(JobFileSection):
    """Evenly spaced numbers."""

    range: list[Number] = Field(min_length=2, max_length=3)
    """The first number, the last (included), and the step, which is 1 if left out."""

    @field_validator("range")
    @classmethod
    def _steps_lead_somewhere(cls, value: list[Number]) -> list[Number]:
        if value[2:] and value[2] <= 0:
            raise PydanticCustomError("range_step", "the step of a range must be above 0")
        if value[0] > value[1]:
            raise PydanticCustomError("range_order", "a range begins with its lower end")
        return value


class FilesAxis(JobFileSection):
    """The files that match a pattern."""

    files: str
    """A pattern such as `data/*.csv`, relative to the job file."""


class BlobsAxis(JobFileSection):
    """The blobs below a prefix."""

    blobs: str
    """The beginning of the blobs' names."""
    container: str | None = None
    """The container; the stack's inputs container if left out."""


def _axis_kind(value: object) -> str | None:
    match value:
        case list():
            return "listed values"
        case {"range": _} | RangeAxis():
            return "range axis"
        case {"files": _} | FilesAxis():
            return "files axis"
        case {"blobs": _} | BlobsAxis():
            return "blobs axis"
        case _:
            return None


Axis = Annotated[
    Annotated[list[JsonValue], Field(min_length=1), Tag("listed values")]
    | Annotated[RangeAxis, Tag("range axis")]
    | Annotated[FilesAxis, Tag("files axis")]
    | Annotated[BlobsAxis, Tag("blobs axis")],
    Discriminator(
        _axis_kind,
        custom_error_type="axis",
        custom_error_message="an axis is a list, {range: [first, last]}, {files: PATTERN} or {blobs: PREFIX}",
    ),
]


class Table(JobFileSection):
    """Points from a file of rows: CSV or TSV with a header, JSON Lines, or Parquet."""

    file: str
    """The file, relative to the job file."""
    types: dict[str, Literal["int", "float", "str", "bool"]] = {}
    """Types of columns. Without one, a cell is a number if it looks like a plain number, else text."""


TableSource = Annotated[
    Annotated[Table, Tag("table")] | Annotated[str, Tag("table's file")],
    Discriminator(lambda value: "table's file" if isinstance(value, str) else "table"),
]


class Draw(JobFileSection):
    """A random axis. It has exactly one distribution."""

    uniform: tuple[float, float] | None = None
    """Uniform between the lower and the upper end."""
    log_uniform: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None = None
    """Uniform in the logarithm, between two ends above 0."""
    normal: tuple[float, float] | None = None
    """Normal, by mean and standard deviation."""
    integers: tuple[int, int] | None = None
    """Integers from the first to the last, both included."""
    choice: list[JsonValue] | None = Field(default=None, min_length=1)
    """One of these values."""

    @model_validator(mode="after")
    def _is_one_distribution(self) -> Self:
        if self.integers and self.integers[0] > self.integers[1]:
            raise PydanticCustomError("range_order", "a range begins with its lower end")
        return _exactly_one(self, *Draw.model_fields)


class Method(StrEnum):
    """The way in which random points fill the space of their axes."""

    INDEPENDENT = "independent"
    LATIN_HYPERCUBE = "latin_hypercube"
    SOBOL = "sobol"


class Draws(JobFileSection):
    """Random points. The same seed gives the same points."""

    draws: int = Field(ge=1, le=10_000_000)
    """The number of points."""
    seed: int
    """The seed of the random numbers."""
    method: Method = Method.INDEPENDENT
    """How points fill the space: each for itself, or evenly, as a Latin hypercube or a Sobol sequence."""
    axes: dict[Name, Draw] = Field(min_length=1)
    """The random axes, by name."""


def _axes_or_sources(value: object) -> str:
    return "sources" if isinstance(value, list) else "axes by name"


class Sources(JobFileSection):
    """Sources of points. Those that stand side by side are crossed."""

    product: "AxesOrSources" = {}
    """Axes, or a list of sources, of which every combination is a point."""
    zip: "AxesOrSources" = {}
    """Axes, or a list of sources, of equal length that advance together."""
    table: TableSource | None = None
    """A table of points, or only its file."""
    random: Draws | None = None
    """Points drawn at random."""

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not any(getattr(self, key) for key in Sources.model_fields):
            raise PydanticCustomError("no_source", "it needs product, zip, table or random")
        return self


AxesOrSources = Annotated[
    Annotated[dict[Name, Axis], Tag("axes by name")] | Annotated[list[Sources], Field(min_length=1), Tag("sources")],
    Discriminator(_axes_or_sources),
]


class Shuffle(JobFileSection):
    """A random order. The same seed gives the same order."""

    random: int = Field(ge=-(2**63), lt=2**63)
    """The seed of the order."""


Order = Annotated[
    Annotated[Shuffle, Tag("random order")] | Annotated[OneOrMore, Tag("expressions")],
    Discriminator(lambda value: "random order" if isinstance(value, dict | Shuffle) else "expressions"),
]


class ForEach(Sources):
    """The points of a sweep; each becomes a task. Sources side by side are crossed."""

    outputs: str | None = None
    """An earlier stage. Each file that it leaves is a value of the axis `file`. Tasks are added when it has ended."""
    pattern: str = Field(default="**", min_length=1)
    """The files of `outputs` that are meant, as the tasks of that stage name them."""
    where: str | None = None
    """An expression without braces. Points for which it is false are left out."""
    include: list[dict[Name, JsonValue]] = []
    """Points that are added after exclude and where."""
    exclude: list[dict[Name, JsonValue]] = []
    """Points that are left out: all that agree with one of these entries."""
    order: Order | None = None
    """Expressions without braces by which the tasks are sorted: axes, `name`, `size`, `slots`; or `{random: SEED}`."""
    limit: int | None = Field(default=None, ge=1)
    """The largest number of points, after everything else."""

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not (self.include or self.outputs or any(getattr(self, key) for key in Sources.model_fields)):
            raise PydanticCustomError("no_source", "it needs product, zip, table, random or include")
        if self.outputs is None and "pattern" in self.model_fields_set:
            raise PydanticCustomError("pattern_of_outputs", "pattern belongs to a sweep with outputs")
        return self


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
        return _exactly_one(self, "source", "blobs", "blob", "stage")


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


class Job(JobFileSection):
    """The job as a whole."""

    id: str | None = None
    """The job's id; the name of the run if left out."""
    pool: Annotated[str, Field(min_length=1)]
    """The name of a pool of the stack."""
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
    packages: OneOrMore = []
    """Application packages of the stack that tasks use."""
    inputs: list[Input] = []
    """Files that each task reads."""
    outputs: list[Output] = []
    """Files that are kept of each task."""
    slots: Annotated[int, Field(ge=1)] | str = 1
    """Task slots that each task takes on its node."""
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
                    "a job of Batch has one {key} for all its stages; give this stage a job file of its own",
                    {"key": key},
                )
        return value

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


def _exactly_one(section: S, *fields: str) -> S:
    given = [name for name in fields if getattr(section, name) is not None]
    if len(given) != 1:
        names = [type(section).model_fields[name].alias or name for name in fields]
        raise PydanticCustomError("one_of", "exactly one of {names} is needed here", {"names": ", ".join(names)})
    return section
