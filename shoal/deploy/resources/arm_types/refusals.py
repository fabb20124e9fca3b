"""Sentences for what Azure would refuse in a resource that a program declares, in the program's spelling."""

from collections.abc import Collection, Mapping
from typing import Any

from shoal.deploy.resources.arm_types.body_faults import BodyFault, Path, faults
from shoal.deploy.resources.arm_types.nesting import own_names
from shoal.deploy.resources.arm_types.type_definition import ENVELOPE
from shoal.deploy.resources.properties import MASK
from shoal.deploy.resources.resource_type import ResourceType
from shoal.errors import BadInput


def refuse(kind: ResourceType, inputs: Mapping[str, Any], secret: Collection[str] = ()) -> None:
    """Raise BadInput where Azure would refuse a resource with these inputs."""
    match refusals(kind, inputs, secret):
        case []:
            return
        case [only]:
            raise BadInput(only)
        case several:
            raise BadInput("\n  ".join(["Azure would refuse it:", *several]))


def refusals(kind: ResourceType, inputs: Mapping[str, Any], secret: Collection[str] = ()) -> list[str]:
    """Return one sentence for each property at fault. Values of the inputs that `secret` names are not shown."""
    body_faults = faults(kind.definition, kind.body(inputs), name=inputs.get(kind.name_property))
    return [_sentence(fault, kind, secret) for fault in body_faults]


def _sentence(fault: BodyFault, kind: ResourceType, secret: Collection[str]) -> str:
    path = kind.name_property if fault.path == ("name",) else _dotted(own_names(kind.definition, fault.path))
    value = MASK if path.partition(".")[0].partition("[")[0] in secret else fault.value
    return f"{path} {fault.demand}" if value is None else f"{path} is {value}; {fault.demand}"


def _dotted(path: Path) -> str:
    first, *rest = path or (ENVELOPE,)
    return f"{first}" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
