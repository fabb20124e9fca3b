"""The time that the roles of a stack's nodes need, before nodes boot that cannot do without them.

Nobody but a node can see whether its identity's role has effect. A node that boots too early is unusable, or its start
task fails, and Azure bills it. So a pool whose nodes boot at once follows its roles by the longest time that Azure
names. Nodes of other pools boot when tasks wait; that takes minutes itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
from pulumi_azure_native import authorization

from shoal.environment import is_loopback

from ..azure_provider import arm_endpoint
from ..packages.role_wait import GRANTED_WITHIN


def needs_roles_at_once(pool: Mapping[str, Any]) -> bool:
    """Return True if nodes of the pool boot as soon as it is made, and read storage by identity when they do."""
    boots = any(name in pool for name in ("spot_nodes", "dedicated_nodes", "warm_up_nodes", "auto_scale_formula"))
    return boots and _reads_storage(pool)


def _reads_storage(pool: Mapping[str, Any]) -> bool:
    files = pool.get("start_task", {}).get("resource_files", [])
    return bool(pool.get("packages")) or any("container" in entry for entry in (*pool.get("mounts", []), *files))


def remaining(created: Sequence[str | None], now: datetime) -> timedelta:
    """Return the time until roles that were created at these moments have effect; an unknown moment is long ago."""
    moments = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in created if moment]
    return max((moment + GRANTED_WITHIN - now for moment in moments), default=timedelta(0))


def after_roles(
    identity_id: pulumi.Output[str], roles: Sequence["authorization.RoleAssignment"], owner: pulumi.Resource
) -> pulumi.Output[str]:
    """Return the id of the nodes' identity, in a deployment once its roles have effect."""
    # Also because a preview does not know when roles will be made.
    if pulumi.runtime.is_dry_run():
        return identity_id

    async def wait(values: Sequence[str | None]) -> str:
        identity, *created = values
        rest = remaining(created, datetime.now(UTC))
        # Nodes on this machine read storage by key.
        if rest > timedelta(0) and not is_loopback(arm_endpoint()):
            minutes = -(-rest // timedelta(minutes=1))
            pulumi.log.info(
                f"waiting until the roles of the nodes' identity have effect, {minutes} minutes at most: "
                "nodes boot as soon as the pool is made, and cannot read storage before",
                owner,
            )
            await asyncio.sleep(rest.total_seconds())
        return str(identity)

    return pulumi.Output.all(identity_id, *(role.created_on for role in roles)).apply(wait)
