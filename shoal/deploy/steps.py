"""What a deployment does to one resource, decided from what it was made from and what the program now says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shoal.deploy.embedded.stack_record import Resource, input_hash
from shoal.deploy.resources.resource_type import ResourceType
from shoal.deploy.resources.urns import resource_name, resource_type


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SAME = "same"
    IMPORT = "import"
    """Taken over as it is; only Pulumi's engine does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An input that differs, and how: `+` is given now, `-` no more, `~` otherwise."""

    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    operation: Operation
    urn: str
    id: str
    """Empty while only a deployment can know it."""
    changes: tuple[Change, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What the program asks for now, or asked for what is deleted, as far as it is known; secrets are masked."""

    @property
    def label(self) -> str:
        return label(self.urn)


def label(urn: str) -> str:
    """`batch:Pool spot-pool`: the type without its package, and the name in the program."""
    return f"{resource_type(urn).partition(':')[2]} {resource_name(urn)}"


def decide(
    old: Resource | None,
    hashes: Mapping[str, str],
    kind: ResourceType,
    replace_on_changes: Collection[str],
    *,
    exists: bool,
) -> tuple[Operation, tuple[Change, ...]]:
    """The operation for a resource with these hashes of inputs; `exists` says whether the service has the old one."""
    if old is None:
        return Operation.CREATE, ()
    changes = changes_between(old.inputs, hashes)
    if replacing(changes, kind, replace_on_changes):
        return Operation.REPLACE, changes
    if not exists:
        return Operation.CREATE, ()
    return (Operation.UPDATE if changes or old.pending else Operation.SAME), changes


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Which inputs differ, of mappings from their names to their values or hashes."""
    return tuple(change_of(name, old, new) for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name))


def change_of(name: str, old: Collection[str], new: Collection[str]) -> Change:
    return Change(name=name, kind="+" if name not in old else "-" if name not in new else "~")


def replacing(changes: Iterable[Change], kind: ResourceType, also: Collection[str] = ()) -> tuple[Change, ...]:
    """Those of the changes that ARM cannot make in place, or the program does not want so; `*` names all."""
    forcing = {*kind.parameters, *kind.replaced_by, *also}
    return tuple(change for change in changes if "*" in forcing or change.name in forcing)


def hashes_of(inputs: Mapping[str, Any], ignored: Collection[str], old: Resource | None) -> dict[str, str]:
    """Each input's hash; one whose changes are ignored keeps the old hash, where there is an old one."""
    hashes = {name: input_hash(value) for name, value in inputs.items()}
    if old is None:
        return hashes
    kept = {name: old.inputs[name] for name in ignored if name in old.inputs}
    return {**{name: value for name, value in hashes.items() if name not in ignored}, **kept}
