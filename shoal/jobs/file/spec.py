"""The job file as a person writes it: its keys, their types, their defaults. Reading it opens nothing.

Strings that are rendered for each task stay templates here; all others were rendered before they came.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
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
from shoal.suggestion import suggestion

RESERVED_NAMES = frozenset({"run", "job", "stage", "task"})
"""What templates see beside parameters and axes."""

S = TypeVar("S", bound=BaseModel)
Scalar = str | int | float | bool
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
TASK_LEVEL = frozenset({"command", "environment", "inputs", "outputs", "slots"})
"""The keys of a stage that are rendered for each task."""


PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]
OneOrMore = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One, or a list."""


class Section(BaseModel):
    """A mapping of the job file; it refuses keys that it does not know, and says which may have been meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in value:
                if key not in known:
                    context = {"key": str(key), "hint": suggestion(str(key), known)}
                    raise PydanticCustomError("unknown_key", "unknown key '{key}'; {hint}", context)
        return value


class Parameter(Section):
    type: Literal["int", "float", "str", "bool", "list"] = "str"
    default: JsonValue = None
    description: str = ""
    choices: list[Scalar] = []
    min: float | None = None
    max: float | None = None

    @property
    def is_required(self) -> bool:
        return "default" not in self.model_fields_set


class Range(Section):
    range: list[int | float] = Field(min_length=2, max_length=3)
    """First, last (included), step."""

    @field_validator("range")
    @classmethod
    def _steps_lead_somewhere(cls, value: list[int | float]) -> list[int | float]:
        if value[2:] and value[2] <= 0:
            raise PydanticCustomError("range_step", "the step of a range must be above 0")
        if value[0] > value[1]:
            raise PydanticCustomError("range_order", "a range begins with its lower end")
        return value


class Files(Section):
    files: str
    """A pattern relative to the job file."""


def _axis_kind(value: object) -> str | None:
    match value:
        case list():
            return "list"
        case {"range": _} | Range():
            return "range"
        case {"files": _} | Files():
            return "files"
        case _:
            return None


Axis = Annotated[
    Annotated[list[JsonValue], Field(min_length=1), Tag("list")]
    | Annotated[Range, Tag("range")]
    | Annotated[Files, Tag("files")],
    Discriminator(
        _axis_kind,
        custom_error_type="axis",
        custom_error_message="an axis is a list, {range: [first, last]} or {files: PATTERN}",
    ),
]


class Table(Section):
    file: str
    types: dict[Name, Literal["int", "float", "str", "bool"]] = {}


class Draw(Section):
    """One random axis: exactly one of these."""

    uniform: tuple[float, float] | None = None
    log_uniform: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None = None
    normal: tuple[float, float] | None = None
    integers: tuple[int, int] | None = None
    choice: list[JsonValue] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_one_distribution(self) -> Self:
        return _exactly_one(self, *Draw.model_fields)


class Draws(Section):
    draws: int = Field(ge=1)
    seed: int
    axes: dict[Name, Draw] = Field(min_length=1)


class ForEach(Section):
    """Where the points of a sweep come from. Sources side by side are crossed."""

    product: dict[Name, Axis] = {}
    zip: dict[Name, Axis] = {}
    table: Table | str | None = None
    """A file's name will do where no column's type is fixed."""
    random: Draws | None = None
    where: str | None = None
    include: list[dict[Name, JsonValue]] = []
    exclude: list[dict[Name, JsonValue]] = []

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not (self.product or self.zip or self.table or self.random or self.include):
            raise PydanticCustomError("no_source", "for_each needs product, zip, table, random or include")
        return self


class Input(Section):
    """Exactly one of `from`, `blobs` and `stage`."""

    source: str | None = Field(default=None, alias="from")
    blobs: str | None = None
    stage: str | None = None
    container: str | None = None
    to: str | None = None
    mode: str | None = Field(default=None, pattern=r"^0?[0-7]{3}$")

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


class Output(Section):
    pattern: str = Field(min_length=1)
    when: When = When.SUCCESS


class Job(Section):
    id: str | None = None
    """The run's name where none is given."""
    pool: str
    priority: int = Field(default=0, ge=-1000, le=1000)
    retries: int = Field(default=0, ge=-1)
    max_time: PositiveDuration | None = None
    environment: dict[str, Scalar] = {}
    metadata: dict[str, str] = {}


class Stage(Section):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=32)
    for_each: ForEach | None = None
    after: OneOrMore = []
    command: Annotated[str, Field(min_length=1)] | Annotated[list[Scalar], Field(min_length=1)]
    packages: OneOrMore = []
    inputs: list[Input] = []
    outputs: list[Output] = []
    slots: Annotated[int, Field(ge=1)] | str = 1
    retries: Annotated[int, Field(ge=-1)] | None = None
    max_time: PositiveDuration | None = None
    environment: dict[str, Scalar] = {}
    logs: Logs = Logs.COMPLETION
    on_failure: OnFailure = OnFailure.BLOCK


class Spec(Section):
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
