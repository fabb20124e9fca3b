"""The steps of pools.

A program declares the part of a pool that changes in place beside it, as a `PoolUpdate`, so that Pulumi shows a change
of either. Here both are one step, the pool's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shoal.azure.limits import CHANGED_IN_PLACE
from shoal.deploy.resources.urns import resource_type
from shoal.deploy.steps import Change, ResourceStep, StepOperation, changes_between

POOL = "azure-native:batch:Pool"
POOL_UPDATE = "shoal:index:PoolUpdate"
HELD = (StepOperation.SAME, StepOperation.REPLACE)
"""Operations on a pool that its update completes. A pool that is created or deleted has nothing to update."""


class PoolSteps:
    """Passes steps on, and holds a pool's until its update is known; in a preview, the update comes first."""

    def __init__(self, on_step: Callable[[ResourceStep], None]) -> None:
        self._on_step = on_step
        self._held: dict[str, ResourceStep] = {}
        """Steps of pools by URN."""
        self._updates: dict[str, ResourceStep] = {}
        """Steps of updates by their pool's URN."""

    def take(self, step: ResourceStep) -> None:
        kind = resource_type(step.urn)
        if kind == POOL_UPDATE:
            self._updates[_pool_urn(step.urn)] = step
            self._join(_pool_urn(step.urn))
        elif kind == POOL and step.operation in HELD:
            self._held[step.urn] = step
            self._join(step.urn)
        else:
            self._on_step(step)

    def _join(self, pool_urn: str) -> None:
        if pool_urn in self._held and pool_urn in self._updates:
            self._on_step(completed(self._held.pop(pool_urn), self._updates.pop(pool_urn)))

    @contextmanager
    def completed(self) -> Iterator[None]:
        """Pass on, after the block, the pools that came without an update: a program's own, or a failed run's."""
        try:
            yield
        finally:
            for step in self._held.values():
                self._on_step(step)


def completed(pool: ResourceStep, update: ResourceStep) -> ResourceStep:
    """Return the step of a pool as its update completes it; the pool's own step ignores what changes in place."""
    is_update = pool.operation is StepOperation.SAME and update.changes
    fixed = {name: value for name, value in pool.inputs.items() if name not in CHANGED_IN_PLACE}
    return replace(
        pool,
        operation=StepOperation.UPDATE if is_update else pool.operation,
        changes=(*pool.changes, *update.changes),
        inputs={**fixed, **{name: value for name, value in update.inputs.items() if name in CHANGED_IN_PLACE}},
    )


def update_changes(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], patched: Iterable[str] | None
) -> tuple[Change, ...]:
    """Return the changes of an update: of its declaration, if there was one, and those that the pool itself lacks."""
    declared = () if old is None else changes_between(_in_place(old), _in_place(new))
    names = {change.name for change in declared}
    undeclared = [name for name in patched or () if name not in names]
    return (*declared, *(Change(name=name, kind="~" if name in new else "-") for name in undeclared))


def _in_place(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name in CHANGED_IN_PLACE}


def _pool_urn(update_urn: str) -> str:
    """Return the URN of the pool, which has the same parent and the same name."""
    return update_urn.replace(f"{POOL_UPDATE}::", f"{POOL}::")
