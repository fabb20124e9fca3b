"""A simulation described in YAML: the tasks that arrive, and the pool that runs them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shoal.autoscale.errors import InputFault
from shoal.autoscale.simulation.distributions import Choice, Constant
from shoal.autoscale.simulation.pool_model import PoolModel
from shoal.autoscale.simulation.workload import TaskGroup

DEFAULT_POOL = PoolModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    tasks: tuple[TaskGroup, ...] = ()
    replay: str | None = None
    """A file with the tasks of a finished job; replaces `tasks`."""
    pool: PoolModel = DEFAULT_POOL
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.replay is None) == (not self.tasks):
            raise InputFault("give either tasks or replay")


TEN_THOUSAND_TASKS = Description(
    tasks=(TaskGroup(count=10_000, duration=Constant(300), slots=Choice((1, 2, 3, 4))),), seed=1
)
"""The default simulation: five-minute tasks of one to four slots, all at once."""


def described(document: Any) -> Description:
    """Read a parsed document. Raises InputFault, which names each wrong key, what it takes and its value."""
    try:
        return TypeAdapter(Description).validate_python(document)
    except ValidationError as exc:
        raise InputFault("; ".join(sentence(error) for error in exc.errors())) from exc


LIMITS = ("spot_quota", "dedicated_quota", "spot_capacity")


def under_conditions(story: Description, conditions: Mapping[str, Any]) -> Description:
    """Return the description with other values of its pool, as texts or numbers. None leaves a value as it is.

    Quotas and capacities are lists of texts such as `20` and `50@3h`. Raises InputFault.
    """
    given = {name: value for name, value in conditions.items() if value not in (None, ())}
    given |= {name: [_limit_step(text) for text in given[name]] for name in LIMITS if name in given}
    try:
        # Read with the types of the fields, and over the values of the description.
        read = TypeAdapter(PoolModel).validate_python(given)
    except ValidationError as exc:
        raise InputFault("; ".join(sentence(error) for error in exc.errors())) from exc
    return replace(story, pool=replace(story.pool, **{name: getattr(read, name) for name in given}))


def _limit_step(text: str) -> dict[str, str | int]:
    nodes, _, since = text.partition("@")
    if not nodes.isdecimal():
        raise InputFault(f"{text!r} is no number of nodes; write 20 or 20@3h")
    return {"nodes": int(nodes), "since": since or 0}


def sentence(error: Any) -> str:
    """Return one of pydantic's errors as text: the key, what it takes and its value."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    return f"{path or 'the document'}: {error['msg'].removeprefix('Value error, ')}, found {error['input']!r}"
