"""The sweep of a stage as a person writes it: sources of points, axes, and the choice among them."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, FiniteFloat, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shoal.jobs.file.values import FiniteJson, JobFileSection, Name, Number, OneOrMore, exactly_one


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
    Annotated[list[FiniteJson], Field(min_length=1), Tag("listed values")]
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

    uniform: tuple[FiniteFloat, FiniteFloat] | None = None
    """Uniform between the lower and the upper end."""
    log_uniform: tuple[Annotated[FiniteFloat, Field(gt=0)], Annotated[FiniteFloat, Field(gt=0)]] | None = None
    """Uniform in the logarithm, between two ends above 0."""
    normal: tuple[FiniteFloat, FiniteFloat] | None = None
    """Normal, by mean and standard deviation."""
    integers: tuple[int, int] | None = None
    """Integers from the first to the last, both included."""
    choice: list[FiniteJson] | None = Field(default=None, min_length=1)
    """One of these values."""

    @model_validator(mode="after")
    def _is_one_distribution(self) -> Self:
        if self.integers and self.integers[0] > self.integers[1]:
            raise PydanticCustomError("range_order", "a range begins with its lower end")
        return exactly_one(self, *Draw.model_fields)


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


def blob_axes(sources: Sources) -> Iterator[BlobsAxis]:
    """Return the axes whose values are known to a service only."""
    for part in (sources.product, sources.zip):
        if isinstance(part, list):
            for inner in part:
                yield from blob_axes(inner)
        else:
            yield from (axis for axis in part.values() if isinstance(axis, BlobsAxis))


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
    include: list[dict[Name, FiniteJson]] = []
    """Points that are added after exclude and where."""
    exclude: list[dict[Name, FiniteJson]] = []
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
