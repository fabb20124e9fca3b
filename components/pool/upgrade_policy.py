"""When the operating system of a pool's nodes is upgraded.

Source: ARM reference, UpgradePolicy; "Automatic OS upgrade for Batch pools".
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, cast

from pulumi_azure_native import batch

from .fault import Fault, Spelling

PERCENTS = {
    "max_batch_instance_percent": 5,
    "max_unhealthy_instance_percent": 5,
    "max_unhealthy_upgraded_instance_percent": 0,
}
"""The least that each may be; 100 is the most."""
ROLLING = (*PERCENTS, "pause_time_between_batches")


class UpgradeMode(StrEnum):
    AUTOMATIC = "automatic"
    """All nodes at the same time."""
    MANUAL = "manual"
    ROLLING = "rolling"
    """Some nodes at a time."""


class UpgradePolicy(TypedDict):
    mode: UpgradeMode
    """Who upgrades, and how many nodes at once."""
    automatic_os_upgrade: NotRequired[bool]
    """Whenever there is a newer version of the image."""
    wait_for_tasks: NotRequired[bool]
    """A node that runs tasks is upgraded later."""
    max_batch_instance_percent: NotRequired[int]
    """Nodes upgraded at the same time; this and the next three are of rolling upgrades."""
    max_unhealthy_instance_percent: NotRequired[int]
    """Above which a rolling upgrade does not begin."""
    max_unhealthy_upgraded_instance_percent: NotRequired[int]
    """Of upgraded nodes, above which it stops."""
    pause_time_between_batches: NotRequired[str]
    """ISO 8601."""


def upgrade_policy(policy: UpgradePolicy | None) -> batch.UpgradePolicyArgsDict | None:
    if policy is None:
        return None
    told: batch.UpgradePolicyArgsDict = {"mode": batch.UpgradeMode(policy["mode"])}
    rolling = {name: value for name, value in policy.items() if name in ROLLING}
    if "automatic_os_upgrade" in policy:
        told["automatic_os_upgrade_policy"] = {
            "enable_automatic_os_upgrade": policy["automatic_os_upgrade"],
            "os_rolling_upgrade_deferral": policy.get("wait_for_tasks", False),
            "use_rolling_upgrade_policy": bool(rolling),
        }
    if rolling:
        told["rolling_upgrade_policy"] = cast(batch.RollingUpgradePolicyArgsDict, rolling)
    return told


def faults(pool: Mapping[str, Any], spelt: Spelling) -> Iterator[Fault]:
    policy: Mapping[str, Any] | None = pool.get("upgrade_policy")
    if policy is None:
        return
    at = spelt("upgrade_policy")
    for name, least in PERCENTS.items():
        if name in policy and not least <= policy[name] <= 100:
            yield Fault(at=f"{at}.{spelt(name)}", text=f"is {policy[name]}; it must be between {least} and 100")
    batch_percent, unhealthy = list(PERCENTS)[:2]
    if policy.get(batch_percent, 0) > policy.get(unhealthy, 100):
        yield Fault(at=f"{at}.{spelt(batch_percent)}", text=f"must not be more than {spelt(unhealthy)}")
    rolling = [name for name in ROLLING if name in policy]
    if rolling and policy["mode"] == UpgradeMode.MANUAL:
        yield Fault(at=f"{at}.{spelt(rolling[0])}", text="means nothing where the mode is manual")
    if policy.get("wait_for_tasks") and not policy.get("automatic_os_upgrade"):
        text = f"needs {spelt('automatic_os_upgrade')}: nothing else is put off while tasks run"
        yield Fault(at=f"{at}.{spelt('wait_for_tasks')}", text=text)
    if policy.get("automatic_os_upgrade") and pool.get("image_version", "latest") != "latest":
        text = f"upgrades to the latest image, but {spelt('image_version')} is {pool['image_version']}"
        yield Fault(at=f"{at}.{spelt('automatic_os_upgrade')}", text=text)
