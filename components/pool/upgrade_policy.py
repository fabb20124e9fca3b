"""The upgrade policy of a pool: when and how the operating system of its nodes is upgraded.

Source: ARM reference, UpgradePolicy; "Automatic OS upgrade for Batch pools".
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, cast

from pulumi_azure_native import batch

from shoal.azure.limits import LOWEST_UPGRADE_PERCENTS

from ..argument_fault import ArgumentFault, Spelling
from ..argument_types import Duration

ROLLING = (*LOWEST_UPGRADE_PERCENTS, "pause_time_between_batches")


class UpgradeMode(StrEnum):
    """The number of nodes that are upgraded at a time."""

    AUTOMATIC = "automatic"
    """All nodes at the same time."""
    MANUAL = "manual"
    """No node, until it is upgraded by hand."""
    ROLLING = "rolling"
    """Some nodes at a time."""


class UpgradePolicy(TypedDict):
    """The times and the way in which the operating system of nodes is upgraded."""

    mode: UpgradeMode
    """Upgrade all nodes at once, some nodes at a time, or none by itself."""
    automatic_os_upgrade: NotRequired[bool]
    """Upgrade whenever there is a newer version of the image."""
    wait_for_tasks: NotRequired[bool]
    """Upgrade a node only after its running tasks have ended."""
    max_batch_instance_percent: NotRequired[int]
    """Percent of nodes upgraded at the same time; this and the next three apply to rolling upgrades."""
    max_unhealthy_instance_percent: NotRequired[int]
    """Percent of unhealthy nodes above which a rolling upgrade does not begin."""
    max_unhealthy_upgraded_instance_percent: NotRequired[int]
    """Percent of upgraded nodes that may be unhealthy before the upgrade stops."""
    pause_time_between_batches: NotRequired[Duration]
    """Pause between batches of nodes, in ISO 8601."""


def upgrade_policy(policy: UpgradePolicy | None) -> batch.UpgradePolicyArgsDict | None:
    if policy is None:
        return None
    declared: batch.UpgradePolicyArgsDict = {"mode": batch.UpgradeMode(policy["mode"])}
    rolling = {name: value for name, value in policy.items() if name in ROLLING}
    if "automatic_os_upgrade" in policy:
        declared["automatic_os_upgrade_policy"] = {
            "enable_automatic_os_upgrade": policy["automatic_os_upgrade"],
            "os_rolling_upgrade_deferral": policy.get("wait_for_tasks", False),
            "use_rolling_upgrade_policy": bool(rolling),
        }
    if rolling:
        declared["rolling_upgrade_policy"] = cast(batch.RollingUpgradePolicyArgsDict, rolling)
    return declared


def faults(pool: Mapping[str, Any], spelling: Spelling) -> Iterator[ArgumentFault]:
    policy: Mapping[str, Any] | None = pool.get("upgrade_policy")
    if policy is None:
        return
    at = spelling("upgrade_policy")
    for name, least in LOWEST_UPGRADE_PERCENTS.items():
        if name in policy and not least <= policy[name] <= 100:
            yield ArgumentFault(
                at=f"{at}.{spelling(name)}", text=f"is {policy[name]}; it must be between {least} and 100"
            )
    batch_percent, unhealthy = list(LOWEST_UPGRADE_PERCENTS)[:2]
    if policy.get(batch_percent, 0) > policy.get(unhealthy, 100):
        yield ArgumentFault(at=f"{at}.{spelling(batch_percent)}", text=f"must not be more than {spelling(unhealthy)}")
    rolling = [name for name in ROLLING if name in policy]
    if rolling and policy["mode"] == UpgradeMode.MANUAL:
        yield ArgumentFault(at=f"{at}.{spelling(rolling[0])}", text="means nothing where the mode is manual")
    if policy.get("wait_for_tasks") and not policy.get("automatic_os_upgrade"):
        text = f"needs {spelling('automatic_os_upgrade')}: nothing else is put off while tasks run"
        yield ArgumentFault(at=f"{at}.{spelling('wait_for_tasks')}", text=text)
    if policy.get("automatic_os_upgrade") and pool.get("image_version", "latest") != "latest":
        text = f"upgrades to the latest image, but {spelling('image_version')} is {pool['image_version']}"
        yield ArgumentFault(at=f"{at}.{spelling('automatic_os_upgrade')}", text=text)
