"""One run of a deployment: each registered resource is brought to the service, and at the end the rest is deleted.

Registrations come from several threads. The record is saved around every change, so that a run that is killed leaves
one from which the next run can go on.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shoal.arm import Arm
from shoal.deploy.embedded.registration import Registration
from shoal.deploy.embedded.stack_record import Resource, StackRecord, save_record
from shoal.deploy.resources.arm_types.refusals import refuse
from shoal.deploy.resources.properties import MASK, is_known
from shoal.deploy.resources.provider import Provider, delete, refuse_existing
from shoal.deploy.resources.resource_types import TYPES
from shoal.deploy.steps import Change, Operation, Step, decide, hashes_of
from shoal.errors import WorkFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    id: str
    """Empty in a preview of what is yet to be made."""
    outputs: Mapping[str, Any]


class Deployment:
    def __init__(self, arm: Arm, record: StackRecord, *, preview: bool, on_step: Callable[[Step], None]) -> None:
        self.arm = arm
        self.record = record
        self.preview = preview
        self._on_step = on_step
        self._lock = threading.Lock()
        self._urns: set[str] = set()
        self._kept: set[str] = set()
        """Ids, in lower case, of what the program declares."""
        self._outlived: set[str] = set()
        """Ids, in lower case, of what was replaced by something that exists beside it."""

    def apply(self, wanted: Registration, provider: Provider) -> Outcome:
        """Bring one resource to the service. Raises BadInput for what Azure would not take, ArmError and WorkFailed."""
        old = self.record.find([wanted.urn, *wanted.aliases])
        current = None if old is None else self.arm.get(old.id, wanted.kind.api_version)
        former = None if old is None else old.id.rsplit("/", 1)[-1]
        inputs = provider.completed(wanted.kind, wanted.inputs.values, self.arm, name=wanted.name, former=former)
        refuse(wanted.kind, inputs, wanted.inputs.secret)
        resource = _resource(wanted, provider, inputs, old)
        operation, changes = decide(old, resource.inputs, wanted.kind, wanted.replaced_by, exists=current is not None)
        self._declare(resource)
        if operation is Operation.CREATE:
            self._refuse_existing(wanted, resource, old)
        if operation is Operation.REPLACE and old is not None:
            self._make_way(wanted, resource, old)
        before = {} if current is None or operation is Operation.REPLACE else wanted.kind.outputs(current)
        if operation is Operation.SAME:
            outputs: Mapping[str, Any] = before
            self._keep(resource, old)
        elif self.preview:
            outputs = {**before, **wanted.kind.outputs(wanted.kind.body(inputs))}
        else:
            outputs = self._put(wanted, resource, {**inputs, **{n: before[n] for n in wanted.ignored if n in before}})
        unmade = self.preview and operation in (Operation.CREATE, Operation.REPLACE)
        shown = {name: MASK if name in wanted.inputs.secret else value for name, value in inputs.items()}
        self._report(operation, resource, changes, shown)
        return Outcome(id="" if unmade else resource.id, outputs=outputs)

    def delete_undeclared(self) -> None:
        """After a run without a fault, or without any run: delete what was not declared, latest first."""
        undeclared = [resource for resource in self.record.resources if resource.id.lower() not in self._kept]
        for resource in undeclared:
            if resource.protect and resource.id.lower() not in self._outlived:
                raise WorkFailed(f"{resource.urn} is protected; deploy it once without protect before removing it")
        going = {resource.urn for resource in undeclared if not resource.retain}
        for resource in reversed(undeclared):
            if not self.preview:
                self._delete(resource, along=resource.deleted_with in going)
            if resource.id.lower() not in self._outlived and not resource.retain:
                self._report(Operation.DELETE, resource, (), {})

    def keep_outputs(self, outputs: Mapping[str, Any]) -> None:
        if not self.preview and outputs != self.record.outputs:
            self._save(lambda record: replace(record, outputs=outputs))

    def _declare(self, resource: Resource) -> None:
        with self._lock:
            if resource.urn in self._urns:
                raise WorkFailed(f"two resources have the URN {resource.urn}; give one of them another name")
            self._urns.add(resource.urn)
            self._kept.add(resource.id.lower())

    def _refuse_existing(self, wanted: Registration, resource: Resource, old: Resource | None) -> None:
        """Somebody else's, unless an earlier run of this stack broke off while making it."""
        pending = any(other.pending and other.id.lower() == resource.id.lower() for other in self.record.resources)
        if pending or not resource.id or (old is not None and old.id.lower() == resource.id.lower()):
            return
        refuse_existing(self.arm, wanted.kind, resource.id)

    def _make_way(self, wanted: Registration, resource: Resource, old: Resource) -> None:
        if old.protect:
            raise WorkFailed(f"{old.urn} is protected and would have to be replaced")
        if self.preview:
            self._kept.add(old.id.lower())
        elif wanted.delete_before_replace is not False or old.id.lower() == resource.id.lower():
            self._delete(old)
        else:
            self._refuse_existing(wanted, resource, None)
            self._outlived.add(old.id.lower())

    def _put(self, wanted: Registration, resource: Resource, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self._save(lambda record: record.with_resource(replace(resource, pending=True)))
        made = self.arm.put(resource.id, wanted.kind.api_version, wanted.kind.body(inputs))
        self._save(lambda record: record.with_resource(resource))
        return wanted.kind.outputs(made)

    def _keep(self, resource: Resource, old: Resource | None) -> None:
        if not self.preview and resource != old:
            self._save(lambda record: record.with_resource(resource))

    def _delete(self, resource: Resource, *, along: bool = False) -> None:
        """`along`: what is deleted after it takes it along."""
        if not resource.retain and not along:
            delete(self.arm, TYPES[resource.type], resource.id)
        self._save(lambda record: record.without(resource.id))

    def _save(self, change: Callable[[StackRecord], StackRecord]) -> None:
        with self._lock:
            self.record = change(self.record)
            save_record(self.arm, self.record)

    def _report(
        self, operation: Operation, resource: Resource, changes: tuple[Change, ...], inputs: Mapping[str, Any]
    ) -> None:
        with self._lock:
            self._on_step(Step(operation=operation, urn=resource.urn, id=resource.id, changes=changes, inputs=inputs))


def _resource(wanted: Registration, provider: Provider, inputs: Mapping[str, Any], old: Resource | None) -> Resource:
    known = all(is_known(inputs.get(name)) for name in wanted.kind.parameters)
    return Resource(
        urn=wanted.urn,
        type=wanted.kind.token,
        id=wanted.kind.arm_id(provider.subscription_id, inputs) if known else "",
        inputs=hashes_of(inputs, wanted.ignored, old),
        protect=wanted.protect,
        retain=wanted.retain,
        deleted_with=wanted.deleted_with,
    )
