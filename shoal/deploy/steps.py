"""The steps of a deployment: what is done to each resource, decided from its recorded and its present inputs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shoal.deploy.embedded.stack_record import RecordedResource, input_hash
from shoal.deploy.resources.resource_type import ResourceType
from shoal.deploy.resources.urns import resource_name, resource_type


class StepOperation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SAME = "same"
    IMPORT = "import"
    """Adopt an existing resource as it is; only Pulumi's engine does this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An input that differs: `+` was added, `-` removed, `~` changed."""

    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStep:
    operation: StepOperation
    urn: str
    id: str
    """Empty until the deployment has made the resource."""
    changes: tuple[Change, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The known inputs of the program, for a deleted resource its last ones; secrets are masked."""

    @property
    def label(self) -> str:
        return label(self.urn)


def label(urn: str) -> str:
    """Return the type without its package and the name in the program: `batch:Pool spot-pool`."""
    return f"{resource_type(urn).partition(':')[2]} {resource_name(urn)}"


def decide(
    old: RecordedResource | None,
    hashes: Mapping[str, str],
    kind: ResourceType,
    replace_on_changes: Collection[str],
    *,
    exists: bool,
) -> tuple[StepOperation, tuple[Change, ...]]:
    """Return the operation for a resource with these hashes of inputs, and the changed inputs.

    `exists` is true if the service has the old resource.
    """
    if old is None:
        return StepOperation.CREATE, ()
    changes = changes_between(old.inputs, hashes)
    if replacing(changes, kind, replace_on_changes):
        return StepOperation.REPLACE, changes
    if not exists:
        return StepOperation.CREATE, ()
    # Azure refuses the whole body of a pool that is there already, so what was made is not put again.
    is_unfinished = old.pending and not old.making
    return (StepOperation.UPDATE if changes or is_unfinished else StepOperation.SAME), changes


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Compare two mappings from the names of inputs to their values or hashes."""
    # A dict rather than a set: the order of the inputs is that in which changes are shown.
    return tuple(change_of(name, old, new) for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name))


def change_of(name: str, old: Collection[str], new: Collection[str]) -> Change:
    return Change(name=name, kind="+" if name not in old else "-" if name not in new else "~")


def replacing(changes: Iterable[Change], kind: ResourceType, also: Collection[str] = ()) -> tuple[Change, ...]:
    """Return the changes that force a replacement: by ARM's rules, or because the program names them (`*`: all)."""
    forcing = {*kind.parameters, *kind.replaced_by, *also}
    return tuple(change for change in changes if "*" in forcing or change.name in forcing)


def hashes_of(inputs: Mapping[str, Any], ignored: Collection[str], old: RecordedResource | None) -> dict[str, str]:
    """Return each input's hash. An ignored input keeps its old hash if there is one."""
    hashes = {name: input_hash(value) for name, value in inputs.items()}
    if old is None:
        return hashes
    kept = {name: old.inputs[name] for name in ignored if name in old.inputs}
    return {**{name: value for name, value in hashes.items() if name not in ignored}, **kept}
