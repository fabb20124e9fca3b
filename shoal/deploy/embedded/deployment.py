"""One run of a deployment: bring each registered resource to the service, then delete what was not registered.

Registrations come from several threads. The record is saved before and after every change, so that the next run can go
on where a killed one stopped.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shoal.arm import ArmClient
from shoal.deploy.embedded.registration import Registration
from shoal.deploy.embedded.stack_record import RecordedResource, StackRecord, save_record
from shoal.deploy.pool_steps import update_changes
from shoal.deploy.resources.arm_types.refusals import refuse
from shoal.deploy.resources.properties import Inputs, is_known
from shoal.deploy.resources.provider import Provider, delete, refuse_existing
from shoal.deploy.resources.resource_types import TYPES
from shoal.deploy.steps import Change, ResourceStep, StepOperation, decide, hashes_of
from shoal.errors import WorkFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedResource:
    id: str
    """Empty in a preview of a resource that does not exist yet."""
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A registered resource beside what the record and the service have of it."""

    registration: Registration
    inputs: Mapping[str, Any]
    """The program's inputs, completed with a name and a location."""
    resource: RecordedResource
    """The resource as it will be recorded."""
    old: RecordedResource | None
    current: Mapping[str, Any] | None
    """The resource as the service has it."""

    @property
    def visible_inputs(self) -> Mapping[str, Any]:
        return Inputs(values=self.inputs, secret=self.registration.inputs.secret).masked


@dataclass(frozen=True, slots=True, kw_only=True)
class _PoolUpdate:
    """A registered `PoolUpdate`."""

    inputs: Inputs
    old: Mapping[str, str] | None
    """The recorded hash of each input; None if there is no record."""
    hashes: Mapping[str, str]


class Deployment:
    def __init__(
        self, arm: ArmClient, record: StackRecord, *, preview: bool, on_step: Callable[[ResourceStep], None]
    ) -> None:
        self.arm = arm
        self.record = record
        self.preview = preview
        self._on_step = on_step
        self._lock = threading.Lock()
        self._urns: set[str] = set()
        self._updates: dict[str, _PoolUpdate] = {}
        """Updates of pools by URN."""
        self._kept: set[str] = set()
        """Ids, in lower case, of what the program declares."""
        self._outlived: set[str] = set()
        """Ids, in lower case, of resources whose replacement exists beside them."""

    def apply(self, registration: Registration, provider: Provider) -> AppliedResource:
        """Bring one resource to the service. Raises BadInput for what Azure would refuse, ArmError and WorkFailed."""
        target = self._target(registration, provider)
        exists = target.current is not None
        operation, changes = decide(
            target.old, target.resource.inputs, registration.kind, registration.replaced_by, exists=exists
        )
        # Before anything is changed: a second resource of the same URN must not touch the first one's.
        self._declare(target.resource)
        self._make_way(operation, target)
        outputs = self._carry_out(operation, target)
        self._report(operation, target.resource, changes, target.visible_inputs)
        is_foreseen = self.preview and operation in (StepOperation.CREATE, StepOperation.REPLACE)
        return AppliedResource(id="" if is_foreseen else target.resource.id, outputs=outputs)

    def register_pool_update(self, urn: str, inputs: Inputs) -> None:
        """Record the inputs of an update, which the program has carried out by now."""
        old = self.record.pool_updates.get(urn)
        update = _PoolUpdate(inputs=inputs, old=old, hashes=hashes_of(inputs.values, (), None))
        with self._lock:
            self._updates[urn] = update
        if not self.preview and old != update.hashes:
            self._save(lambda record: replace(record, pool_updates={**record.pool_updates, urn: update.hashes}))

    def report_pool_update(self, urn: str, patched: Sequence[str]) -> None:
        """Report an update, with the properties that differed in the service."""
        update = self._updates[urn]
        changes = update_changes(update.old, update.hashes, patched)
        operation = StepOperation.UPDATE if changes else StepOperation.SAME
        step = ResourceStep(operation=operation, urn=urn, id="", changes=changes, inputs=update.inputs.masked)
        with self._lock:
            self._on_step(step)

    def delete_undeclared(self) -> None:
        """Delete the resources that were not declared, latest first. Call it after a run without a fault, or none."""
        undeclared = [resource for resource in self.record.resources if resource.id.lower() not in self._kept]
        for resource in undeclared:
            # All are checked before the first is deleted: a refusal leaves the stack whole.
            if resource.protect and resource.id.lower() not in self._outlived:
                raise WorkFailed(f"{resource.urn} is protected; deploy it once without protect before removing it")
        self._forget_pool_updates()
        deleted = {resource.urn for resource in undeclared if not resource.retain}
        for resource in reversed(undeclared):
            if not self.preview:
                self._delete(resource, with_parent=resource.deleted_with in deleted)
            # A replaced resource was reported with its replacement, and one that is retained goes on to exist.
            if resource.id.lower() not in self._outlived and not resource.retain:
                self._report(StepOperation.DELETE, resource, (), {})

    def _forget_pool_updates(self) -> None:
        kept = {urn: hashes for urn, hashes in self.record.pool_updates.items() if urn in self._updates}
        if not self.preview and kept != self.record.pool_updates:
            self._save(lambda record: replace(record, pool_updates=kept))

    def keep_outputs(self, outputs: Mapping[str, Any]) -> None:
        if not self.preview and outputs != self.record.outputs:
            self._save(lambda record: replace(record, outputs=outputs))

    def _target(self, registration: Registration, provider: Provider) -> _Target:
        kind = registration.kind
        old = self.record.find([registration.urn, *registration.aliases])
        # Automatic names are random: without the former one, every run would replace the resource.
        former = None if old is None else old.id.rsplit("/", 1)[-1]
        inputs = provider.completed(kind, registration.inputs.values, self.arm, name=registration.name, former=former)
        refuse(kind, inputs, registration.inputs.secret)
        return _Target(
            registration=registration,
            inputs=inputs,
            resource=_resource(registration, provider, inputs, old),
            old=old,
            current=None if old is None else self.arm.get(old.id, kind.api_version),
        )

    def _declare(self, resource: RecordedResource) -> None:
        with self._lock:
            if resource.urn in self._urns:
                raise WorkFailed(f"two resources have the URN {resource.urn}; give one of them another name")
            self._urns.add(resource.urn)
            self._kept.add(resource.id.lower())  # ARM's ids do not differ by case

    def _make_way(self, operation: StepOperation, target: _Target) -> None:
        """Ensure that nothing is where the resource will be made: refuse a stranger's, delete the old one."""
        if operation is StepOperation.CREATE:
            self._refuse_existing(target.registration, target.resource, target.old)
        elif operation is StepOperation.REPLACE and target.old is not None:
            self._set_aside(target.registration, target.resource, target.old)

    def _refuse_existing(
        self, registration: Registration, resource: RecordedResource, old: RecordedResource | None
    ) -> None:
        """Refuse somebody else's resource; one that an earlier run of this stack began to make is not."""
        pending = any(other.pending and other.id.lower() == resource.id.lower() for other in self.record.resources)
        if pending or not resource.id or (old is not None and old.id.lower() == resource.id.lower()):
            return
        refuse_existing(self.arm, registration.kind, resource.id)

    def _set_aside(self, registration: Registration, resource: RecordedResource, old: RecordedResource) -> None:
        """Delete the replaced resource now, or leave it for the end where both can exist side by side."""
        if old.protect:
            raise WorkFailed(f"{old.urn} is protected and would have to be replaced")
        if self.preview:
            self._kept.add(old.id.lower())  # else the preview would also show it as deleted
        elif registration.delete_before_replace is not False or old.id.lower() == resource.id.lower():
            self._delete(old)
        else:
            self._refuse_existing(registration, resource, None)
            self._outlived.add(old.id.lower())

    def _carry_out(self, operation: StepOperation, target: _Target) -> Mapping[str, Any]:
        """Put the resource unless nothing changed or this is a preview; return its outputs."""
        kind = target.registration.kind
        # The outputs of a resource that is replaced say nothing about the next one's.
        current = None if operation is StepOperation.REPLACE else target.current
        before: Mapping[str, Any] = {} if current is None else kind.outputs(current)
        if operation is StepOperation.SAME:
            self._keep(target.resource, target.old)
            return before
        if self.preview:
            return {**before, **kind.outputs(kind.body(target.inputs))}
        # A PUT replaces the whole body, so what is ignored is sent as the service has it.
        ignored = {name: before[name] for name in target.registration.ignored if name in before}
        # What exists as long as its parent is there before its first PUT.
        making = operation is not StepOperation.UPDATE and kind.at_rest is None
        return self._put(target, {**target.inputs, **ignored}, making=making)

    def _put(self, target: _Target, inputs: Mapping[str, Any], *, making: bool) -> dict[str, Any]:
        kind, resource = target.registration.kind, target.resource
        self._save(lambda record: record.with_resource(replace(resource, pending=True, making=making)))
        answer = self.arm.put(resource.id, kind.api_version, kind.body(inputs))
        self._save(lambda record: record.with_resource(resource))
        return kind.outputs(answer)

    def _keep(self, resource: RecordedResource, old: RecordedResource | None) -> None:
        if not self.preview and resource != old:
            self._save(lambda record: record.with_resource(resource))

    def _delete(self, resource: RecordedResource, *, with_parent: bool = False) -> None:
        """Delete and forget; `with_parent`, only forget: its parent is deleted after it and takes it along."""
        if not resource.retain and not with_parent:
            delete(self.arm, TYPES[resource.type], resource.id)
        self._save(lambda record: record.without(resource.id))

    def _save(self, change: Callable[[StackRecord], StackRecord]) -> None:
        with self._lock:
            self.record = change(self.record)
            save_record(self.arm, self.record)

    def _report(
        self,
        operation: StepOperation,
        resource: RecordedResource,
        changes: tuple[Change, ...],
        inputs: Mapping[str, Any],
    ) -> None:
        step = ResourceStep(operation=operation, urn=resource.urn, id=resource.id, changes=changes, inputs=inputs)
        with self._lock:
            self._on_step(step)  # under the lock, because it prints


def _resource(
    registration: Registration, provider: Provider, inputs: Mapping[str, Any], old: RecordedResource | None
) -> RecordedResource:
    kind = registration.kind
    is_path_known = all(is_known(inputs.get(name)) for name in kind.parameters)
    return RecordedResource(
        urn=registration.urn,
        type=kind.token,
        id=kind.arm_id(provider.subscription_id, inputs) if is_path_known else "",
        inputs=hashes_of(inputs, registration.ignored, old),
        protect=registration.protect,
        retain=registration.retain,
        deleted_with=registration.deleted_with,
    )
