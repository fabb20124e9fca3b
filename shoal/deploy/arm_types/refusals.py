"""What Azure would refuse of a resource as a program declares it, in the program's spelling."""

from collections.abc import Collection, Mapping
from typing import Any

from shoal.deploy.arm_types.faults import Fault, Path, faults
from shoal.deploy.arm_types.nesting import nested
from shoal.deploy.arm_types.tables import ENVELOPE, arm_type, definition
from shoal.deploy.properties import MASK
from shoal.deploy.resource_type import ResourceType
from shoal.errors import BadInput


def refuse(kind: ResourceType, inputs: Mapping[str, Any], secret: Collection[str] = ()) -> None:
    """Raises BadInput where Azure would refuse a resource with these inputs."""
    match refusals(kind, inputs, secret):
        case []:
            return
        case [only]:
            raise BadInput(only)
        case several:
            raise BadInput("\n  ".join(["Azure would refuse it:", *several]))


def refusals(kind: ResourceType, inputs: Mapping[str, Any], secret: Collection[str] = ()) -> list[str]:
    """One sentence for each property at fault; none where the project has no table of the type.

    `secret` names the inputs of which nothing is shown.
    """
    known = definition(arm_type(kind.path), kind.api_version)
    if known is None:
        return []
    found = faults(arm_type(kind.path), kind.api_version, arm_body(kind, inputs), name=inputs.get(kind.name_property))
    return [_sentence(fault, kind, secret) for fault in found]


def arm_body(kind: ResourceType, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What azure-native would send. Raises LookupError where the project has no table of the type."""
    known = definition(arm_type(kind.path), kind.api_version)
    if known is None:
        raise LookupError(f"there is no table of {kind.token} in version {kind.api_version}")
    body = kind.body(inputs)
    return nested(known, {**{name: value for name, value in body.items() if name != ENVELOPE}, **body[ENVELOPE]})


def _sentence(fault: Fault, kind: ResourceType, secret: Collection[str]) -> str:
    path = _spelled(fault.path, kind)
    found = MASK if path.partition(".")[0].partition("[")[0] in secret else fault.found
    return f"{path} {fault.demand}" if found is None else f"{path} is {found}; {fault.demand}"


def _spelled(path: Path, kind: ResourceType) -> str:
    if path == ("name",):
        return kind.name_property
    own = {arm: name for name, arm in kind.renamed.items()}
    first, *rest = [part for part in path if part != ENVELOPE] or path
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
    return f"{own.get(str(first), first)}{parts}"
