"""The update of an existing pool, which azure-native would send as a PUT of the whole pool and Azure would refuse.

The pool ignores changes of what a PATCH can change. This component has the same properties as inputs, so that Pulumi
shows a change of them. It is registered before the pool, so that policies refuse a property before it is deployed, and
sends the PATCH after it. An unchanged pool costs one GET, and a run that broke off is completed by the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

import pulumi
from azure.core.exceptions import AzureError, ResourceNotFoundError
from pulumi_azure_native import batch
from pydantic.alias_generators import to_camel

from ..azure_provider import arm_endpoint, batch_client, provider_token
from ..component import reporter
from ..component_errors import PoolUpdateError
from .pool_patch import differing, patch_body, patched_properties


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingPool:
    arm_endpoint: str
    token: str
    """Token for Azure Resource Manager."""
    id: str
    """ARM id."""

    @property
    def path(self) -> tuple[str, str, str]:
        _, _, _, _, group, _, _, _, account, _, name = self.id.split("/")
        return group, account, name

    @property
    def subscription_id(self) -> str:
        return self.id.split("/")[2]


Work = Callable[[ExistingPool, Mapping[str, Any]], list[str] | None]


class PoolUpdate(pulumi.ComponentResource):
    """The properties of a pool that change in place.

    `patch` and `patched` name those that the pool has otherwise in Azure. The input is there in previews only, where
    it shows a change that was made outside of the stack; the output says what a deployment has changed.
    """

    def __init__(
        self, name: str, pool_id: pulumi.Output[str], properties: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        self._declared = {to_camel(key): _wire(key, value) for key, value in properties.items() if value is not None}
        patch = self._with_pool(pool_id, foresee) if pulumi.runtime.is_dry_run() else None
        super().__init__("shoal:index:PoolUpdate", name, {**self._declared, "patch": patch}, opts)

    def carry_out(self, pool: batch.Pool) -> None:
        """Send the PATCH once the pool is there; in a preview, only name what it would change."""

        work = foresee if pulumi.runtime.is_dry_run() else partial(carry_out, report=reporter(pool))
        self.register_outputs({"patched": self._with_pool(pool.id, work)})

    def _with_pool(self, pool_id: pulumi.Output[str], work: Work) -> pulumi.Output[list[str] | None]:
        """Return the result of work that runs once the pool's id and all that is declared are known."""

        def run(values: dict[str, Any]) -> Awaitable[list[str] | None] | None:
            if not values["token"]:
                return None  # with Pulumi's mocks, in tests of a program, there is no Azure
            existing = ExistingPool(arm_endpoint=arm_endpoint(), token=values["token"], id=values["id"])
            return asyncio.to_thread(work, existing, values["declared"])

        known = pulumi.Output.all(id=pool_id, token=provider_token(), declared=dict(self._declared))
        # Names of properties are no secret, whatever the token and the start task are.
        return pulumi.Output.unsecret(known.apply(run))


def _wire(name: str, value: Any) -> pulumi.Output[Any]:
    """Return a property in ARM's spelling."""
    return pulumi.Output.from_input(value).apply(lambda known: known if name == "tags" else _camel(known))


def _camel(value: Any) -> Any:
    match value:
        case dict():
            return {to_camel(key): _camel(item) for key, item in value.items() if item is not None}
        case list():
            return [_camel(item) for item in value]
        case Enum():
            return value.value
        case _:
            return value


def foresee(existing: ExistingPool, declared: Mapping[str, Any]) -> list[str] | None:
    """Return the properties that a deployment would change; None for none. Raises PoolUpdateError."""
    try:
        with batch_client(existing.token, existing.subscription_id, existing.arm_endpoint) as client:
            return differing(declared, patched_properties(client.pool.get(*existing.path).as_dict())) or None
    except ResourceNotFoundError:
        return None  # a refresh finds that it is gone
    except AzureError as exc:
        raise PoolUpdateError(f"pool {existing.path[-1]} could not be read: {exc.message}") from exc


def carry_out(existing: ExistingPool, declared: Mapping[str, Any], report: Callable[[str], None]) -> list[str] | None:
    """Change what differs by a PATCH that names nothing else, and return its names. Raises PoolUpdateError."""
    name = existing.path[-1]
    try:
        with batch_client(existing.token, existing.subscription_id, existing.arm_endpoint) as client:
            names = differing(declared, patched_properties(client.pool.get(*existing.path).as_dict()))
            if names:
                client.pool.update(*existing.path, parameters=patch_body(declared, names))
                report(f"pool {name}: {', '.join(names)} changed in place")
            return names or None
    except ResourceNotFoundError as exc:
        raise PoolUpdateError(f"pool {name} was deleted outside of the stack; run `pulumi refresh`") from exc
    except AzureError as exc:
        raise PoolUpdateError(
            f"pool {name} could not be changed: {exc.message}; deploy again once the cause is mended"
        ) from exc
