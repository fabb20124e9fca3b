"""Differences between two environments: in their configurations, defaults included, and in their outputs if deployed.

Names and addresses must differ between two environments, so they are left out unless requested. Secrets are neither
shown nor compared: their values cannot be read here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shoal.deploy.resources.properties import MASK
from shoal.deploy.stack_outputs import outputs_of, read_outputs
from shoal.errors import BadInput
from shoal.projects.project import Stack, find_project, read_stack

Part = Literal["configuration", "outputs"]
NAMES: Mapping[Part, frozenset[str]] = {
    "configuration": frozenset({"resourceGroup", "batchAccount", "storageAccount"}),
    "outputs": frozenset(
        {
            "project",
            "stack",
            "subscription_id",
            "resource_group",
            "arm_endpoint",
            "batch_account",
            "batch_endpoint",
            "storage_account",
            "storage_resource_group",
            "package_storage_account",
            "blob_endpoint",
            "node_identity",
        }
    ),
}
"""Keys that only identify an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two environments. A part that is not known is None, and `gaps` has the reason."""

    name: str
    configuration: Mapping[str, Any] | None
    outputs: Mapping[str, Any] | None
    gaps: tuple[str, ...] = ()

    def part(self, part: Part) -> Mapping[str, Any] | None:
        return self.configuration if part == "configuration" else self.outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    part: Part
    key: str
    """A path such as `pools.spot.vmSize`; named entries of lists appear by their names."""
    a: Any
    """None if only the other environment has the key."""
    b: Any
    """None if only the other environment has the key."""


def read_side(name: str, directory: Path) -> Side:
    """Read the file of outputs with this name, else the stack of the project around. Raises BadInput."""
    if (directory / name).is_file():
        outputs = read_outputs(directory / name)
        return Side(name=name, configuration=None, outputs=outputs, gaps=(f"{name} has outputs, no configuration",))
    stack = read_stack(name, find_project(directory))
    try:
        return Side(name=name, configuration=configuration_of(stack), outputs=outputs_of(stack))
    except BadInput as exc:
        return Side(name=name, configuration=configuration_of(stack), outputs=None, gaps=(str(exc),))


def configuration_of(stack: Stack) -> dict[str, Any]:
    """Return the configuration with the project's name left out of its keys, and lists and objects parsed."""
    prefix = f"{stack.project.name}:"
    return {key.removeprefix(prefix): _parsed(value) for key, value in stack.config.items()}


def differences(a: Side, b: Side, *, names_too: bool = False) -> list[Difference]:
    """Compare the parts that are known of both, key by key. Raises BadInput if there are none."""
    if not any(a.part(part) is not None and b.part(part) is not None for part in NAMES):
        raise BadInput(f"{a.name} and {b.name} have no known part in common: {'; '.join([*a.gaps, *b.gaps])}")
    return [
        difference
        for part, names in NAMES.items()
        for difference in _part_differences(part, a, b, left_out=frozenset() if names_too else names)
    ]


def _part_differences(part: Part, a: Side, b: Side, *, left_out: frozenset[str]) -> Iterator[Difference]:
    both = a.part(part), b.part(part)
    if both[0] is None or both[1] is None:
        return
    one, other = (
        dict(_leaves({key: value for key, value in side.items() if key not in left_out}, "")) for side in both if side
    )
    for key in sorted(one.keys() | other.keys()):
        if one.get(key) != other.get(key):
            yield Difference(part=part, key=key, a=one.get(key), b=other.get(key))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    match value:
        case {"secure": _}:
            yield path, MASK
        case dict():
            for key, item in value.items():
                yield from _leaves(item, f"{path}.{key}" if path else str(key))
        case list() if value and all(isinstance(item, dict) and "name" in item for item in value):
            for item in value:
                rest = {key: inner for key, inner in item.items() if key != "name"}
                yield f"{path}.{item['name']}", "there"
                yield from _leaves(rest, f"{path}.{item['name']}")
        case list() if value:
            yield path, [dict(_leaves(item, "")) if isinstance(item, dict) else item for item in value]
        case list():
            pass  # an empty list means the same as none
        case _:
            yield path, value


def _parsed(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith(("[", "{")) else value
    except ValueError:
        return value
