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

RESERVED_NAMES = frozenset({"run", "job", "stage", "task"})
"""What templates see beside parameters and axes."""

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


def _command(value: object) -> object:
    if not isinstance(value, str | list) or value == []:
        raise PydanticCustomError("command", "it must be a line for the shell, or a list of words")
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
Scalar = Annotated[str | int | float | bool, BeforeValidator(_scalar)]
Number = Annotated[int | float, BeforeValidator(_number)]
TASK_LEVEL = frozenset({"command", "environment", "inputs", "outputs", "slots"})
"""The keys of a stage that are rendered for each task."""


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
OneOrMore = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One, or a list."""


class JobFileSection(BaseModel):
    """A mapping of the job file, which holds known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(JobFileSection):
    type: Literal["int", "float", "str", "bool", "list"] = "str"
    default: JsonValue = None
    description: str = ""
    choices: list[Scalar] = []
    min: float | None = None
    max: float | None = None

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
    range: list[Number] = Field(min_length=2, max_length=3)
    """First, last (included), step."""

    @field_validator("range")
    @classmethod
    def _steps_lead_somewhere(cls, value: list[Number]) -> list[Number]:
        if value[2:] and value[2] <= 0:
            raise PydanticCustomError("range_step", "the step of a range must be above 0")
        if value[0] > value[1]:
            raise PydanticCustomError("range_order", "a range begins with its lower end")
        return value


class FilesAxis(JobFileSection):
    files: str
    """A pattern relative to the job file."""


def _axis_kind(value: object) -> str | None:
    match value:
        case list():
            return "listed values"
        case {"range": _} | RangeAxis():
            return "range axis"
        case {"files": _} | FilesAxis():
            return "files axis"
        case _:
            return None


Axis = Annotated[
    Annotated[list[JsonValue], Field(min_length=1), Tag("listed values")]
    | Annotated[RangeAxis, Tag("range axis")]
    | Annotated[FilesAxis, Tag("files axis")],
    Discriminator(
        _axis_kind,
        custom_error_type="axis",
        custom_error_message="an axis is a list, {range: [first, last]} or {files: PATTERN}",
    ),
]


class Table(JobFileSection):
    file: str
    types: dict[Name, Literal["int", "float", "str", "bool"]] = {}


TableSource = Annotated[
    Annotated[Table, Tag("table")] | Annotated[str, Tag("table's file")],
    Discriminator(lambda value: "table's file" if isinstance(value, str) else "table"),
]


class Draw(JobFileSection):
    """One random axis: exactly one of these."""

    uniform: tuple[float, float] | None = None
    log_uniform: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None = None
    normal: tuple[float, float] | None = None
    integers: tuple[int, int] | None = None
    choice: list[JsonValue] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_one_distribution(self) -> Self:
        return _exactly_one(self, *Draw.model_fields)


class Draws(JobFileSection):
    draws: int = Field(ge=1)
    seed: int
    axes: dict[Name, Draw] = Field(min_length=1)


class ForEach(JobFileSection):
    """Where the points of a sweep come from. Sources side by side are crossed."""

    product: dict[Name, Axis] = {}
    zip: dict[Name, Axis] = {}
    table: TableSource | None = None
    """A file's name will do where no column's type is fixed."""
    random: Draws | None = None
    where: str | None = None
    include: list[dict[Name, JsonValue]] = []
    exclude: list[dict[Name, JsonValue]] = []

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not (self.product or self.zip or self.table or self.random or self.include):
            raise PydanticCustomError("no_source", "it needs product, zip, table, random or include")
        return self


class Input(JobFileSection):
    """Exactly one of `from`, `blobs` and `stage`."""

    source: str | None = Field(default=None, alias="from")
    blobs: str | None = None
    stage: str | None = None
    container: str | None = None
    to: str | None = None
    mode: FileMode | None = None

    @model_validator(mode="after")
    def _is_one_source(self) -> Self:
        if self.container is not None and self.blobs is None:
            raise PydanticCustomError("container", "container belongs to an input with blobs")
        return _exactly_one(self, "source", "blobs", "stage")


class When(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    COMPLETION = "completion"


class Logs(StrEnum):
    COMPLETION = "completion"
    FAILURE = "failure"
    NEVER = "never"


class OnFailure(StrEnum):
    """What a task that failed for good does to the rest of its job."""

    BLOCK = "block"
    CONTINUE = "continue"
    STOP = "stop"


class Output(JobFileSection):
    pattern: str = Field(min_length=1)
    when: When = When.SUCCESS


class Job(JobFileSection):
    id: str | None = None
    """The run's name where none is given."""
    pool: Annotated[str, Field(min_length=1)]
    priority: int = Field(default=0, ge=-1000, le=1000)
    retries: int = Field(default=0, ge=-1)
    max_time: PositiveDuration | None = None
    environment: dict[str, Scalar] = {}
    metadata: dict[str, str] = {}


class Stage(JobFileSection):
    name: StageName
    for_each: ForEach | None = None
    after: OneOrMore = []
    command: Command
    packages: OneOrMore = []
    inputs: list[Input] = []
    outputs: list[Output] = []
    slots: Annotated[int, Field(ge=1)] | str = 1
    retries: Annotated[int, Field(ge=-1)] | None = None
    max_time: PositiveDuration | None = None
    environment: dict[str, Scalar] = {}
    logs: Logs = Logs.COMPLETION
    on_failure: OnFailure = OnFailure.BLOCK


class Spec(JobFileSection):
    """A job file."""

    parameters: dict[Name, Parameter] = {}
    job: Job
    stages: list[Stage] = Field(min_length=1)


def _exactly_one(section: S, *fields: str) -> S:
    given = [name for name in fields if getattr(section, name) is not None]
    if len(given) != 1:
        names = [type(section).model_fields[name].alias or name for name in fields]
        raise PydanticCustomError("one_of", "exactly one of {names} is needed here", {"names": ", ".join(names)})
    return section
