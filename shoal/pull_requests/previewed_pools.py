"""The pools of a previewed stack: the scaling of each, and the operation on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shoal.autoscale.durations import parse_duration
from shoal.autoscale.errors import InputFault
from shoal.azure.limits import DEFAULT_EVALUATION_INTERVAL
from shoal.deploy.resources.properties import is_readable
from shoal.deploy.resources.urns import resource_type
from shoal.deploy.steps import Change, ResourceStep, StepOperation
from shoal.errors import BadInput

POOL = "azure-native:batch:Pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedPool:
    id: str
    operation: StepOperation
    changes: tuple[Change, ...]
    task_slots_per_node: int
    formula: str | None
    """None if the number of nodes is fixed, not known yet, or a secret."""
    interval: timedelta
    """Time between two evaluations of the formula."""
    fixed_nodes: int | None
    fixed_spot_nodes: int = 0
    """Spot nodes among the fixed ones."""
    vm_size: str = ""
    """Empty if it is not known yet."""
    is_windows: bool = False


def previewed_pools(steps: Iterable[ResourceStep]) -> list[PreviewedPool]:
    """Return the pools that the stack has, will have, or loses. Raises BadInput."""
    return [_pool(step) for step in steps if resource_type(step.urn) == POOL]


def _pool(step: ResourceStep) -> PreviewedPool:
    scaling = step.inputs.get("scaleSettings")
    settings: Mapping[str, Any] = scaling if isinstance(scaling, Mapping) and is_readable(scaling) else {}
    automatic, fixed = settings.get("autoScale"), settings.get("fixedScale")
    slots = step.inputs.get("taskSlotsPerNode")
    return PreviewedPool(
        id=_id(step),
        operation=step.operation,
        changes=step.changes,
        task_slots_per_node=int(slots) if isinstance(slots, int | float) else 1,
        formula=automatic["formula"] if automatic else None,
        interval=_interval(_id(step), automatic or {}),
        fixed_nodes=_nodes(fixed) if fixed else None,
        fixed_spot_nodes=int(fixed.get("targetLowPriorityNodes") or 0) if fixed else 0,
        vm_size=_text(step.inputs.get("vmSize")).lower(),
        is_windows=_is_windows(step.inputs.get("deploymentConfiguration")),
    )


def _id(step: ResourceStep) -> str:
    name = step.inputs.get("poolName") or step.id.rsplit("/", 1)[-1]
    return str(name) if name and is_readable(name) else step.label.rpartition(" ")[2]


def _interval(pool: str, automatic: Mapping[str, Any]) -> timedelta:
    given = automatic.get("evaluationInterval")
    try:
        return parse_duration(given) if given else DEFAULT_EVALUATION_INTERVAL
    except InputFault as exc:
        raise BadInput(f"pool {pool}: evaluationInterval: {exc}") from exc


def _nodes(fixed: Mapping[str, Any]) -> int:
    return int(fixed.get("targetDedicatedNodes") or 0) + int(fixed.get("targetLowPriorityNodes") or 0)


def _is_windows(deployment: Any) -> bool:
    machine = deployment.get("virtualMachineConfiguration") if isinstance(deployment, Mapping) else None
    agent = machine.get("nodeAgentSkuId") if isinstance(machine, Mapping) else None
    return _text(agent).startswith("batch.node.windows")


def _text(value: Any) -> str:
    return value if isinstance(value, str) and is_readable(value) else ""
