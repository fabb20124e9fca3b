"""A pool of Spot nodes that follows its tasks, down to none when idle."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from components.errors import SettingsError
from components.images import IMAGES
from components.scaling import contradiction, following_formula
from shoal.autoscale.errors import InputFault

FIXED_ONCE_CREATED = [
    "vmSize",
    "deploymentConfiguration",
    "networkConfiguration",
    "interNodeCommunication",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "userAccounts",
    "mountConfiguration",
]
"""azure-native would send these as an update, which Azure refuses (PropertyCannotBeUpdated). Source: azure-rest-api
Pool: they can change only while the pool has no nodes."""


class PackageReference(TypedDict):
    application_id: pulumi.Input[str]
    version: pulumi.Input[str]


class StartTask(TypedDict):
    command_line: pulumi.Input[str]
    elevated: NotRequired[bool]
    """Run as administrator, for installing things."""


class PoolShape(TypedDict):
    """What a pool is, whatever account and stack it belongs to."""

    vm_size: pulumi.Input[str]
    image: str
    """A name of components/images.py."""
    task_slots_per_node: NotRequired[pulumi.Input[int]]
    """Tasks that a node runs at once; 1 unless given."""
    max_spot_nodes: NotRequired[int]
    """This and the next five are limits of the formula that the pool is scaled by unless told otherwise: never more
    Spot nodes than these."""
    max_dedicated_nodes: NotRequired[int]
    """Dedicated nodes at most, while Spot nodes are not to be had; 0: none."""
    slots_per_task: NotRequired[float]
    """Task slots that a task takes on average."""
    hold: NotRequired[str]
    """ISO 8601: how long nodes stay after the work would fit on fewer."""
    max_step: NotRequired[int]
    """Nodes added at most by one evaluation."""
    warm_up_nodes: NotRequired[int]
    """Spot nodes that a new pool starts with."""
    auto_scale_formula: NotRequired[pulumi.Input[str]]
    """Instead of the formula with these limits."""
    auto_scale_evaluation_interval: NotRequired[str]
    """ISO 8601, PT5M to PT168H; on the embedded service from PT1S."""
    spot_nodes: NotRequired[pulumi.Input[int]]
    """Instead of a formula: a fixed number."""
    dedicated_nodes: NotRequired[pulumi.Input[int]]
    """Beside `spot_nodes`."""
    start_task: NotRequired[StartTask]


class SpotPoolArgs(PoolShape):
    resource_group_name: pulumi.Input[str]
    account_name: pulumi.Input[str]
    pool_name: pulumi.Input[str]
    packages: NotRequired[list[PackageReference]]
    """On every node, before its start task."""
    node_identity_id: NotRequired[pulumi.Input[str]]
    """User-assigned identity that nodes and tasks act by."""


class SpotPool(pulumi.ComponentResource):
    """What Azure cannot change in a pool replaces it, the old one deleted first: both have the same name."""

    pool_name: pulumi.Output[str]
    vm_size: pulumi.Output[str]
    task_slots_per_node: pulumi.Output[int]

    def __init__(self, name: str, args: SpotPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:SpotPool", name, None, opts)
        pool = batch.Pool(
            f"{name}-pool",
            resource_group_name=args["resource_group_name"],
            account_name=args["account_name"],
            pool_name=args["pool_name"],
            vm_size=args["vm_size"],
            deployment_configuration=_deployment(args["image"]),
            task_slots_per_node=args.get("task_slots_per_node", 1),
            task_scheduling_policy={"node_fill_type": batch.ComputeNodeFillType.PACK},
            scale_settings=_scale(args),
            start_task=_start_task(args.get("start_task")),
            application_packages=[
                {"id": package["application_id"], "version": package["version"]} for package in args.get("packages", [])
            ],
            identity=_identity(args.get("node_identity_id")),
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=FIXED_ONCE_CREATED, delete_before_replace=True),
        )
        self.pool_name = pool.name
        self.vm_size = pulumi.Output.from_input(args["vm_size"])
        self.task_slots_per_node = pulumi.Output.from_input(args.get("task_slots_per_node", 1))
        self.register_outputs({"poolName": self.pool_name})


def _deployment(image_name: str) -> batch.DeploymentConfigurationArgsDict:
    image = IMAGES[image_name]
    return {
        "virtual_machine_configuration": {
            "image_reference": {
                "publisher": image.publisher,
                "offer": image.offer,
                "sku": image.sku,
                "version": "latest",
            },
            "node_agent_sku_id": image.node_agent,
        }
    }


def _scale(args: SpotPoolArgs) -> batch.ScaleSettingsArgsDict:
    """Raises SettingsError."""
    if pair := contradiction(args):
        raise SettingsError(f"pool {args['pool_name']} has both {pair[0]} and {pair[1]}; a pool is scaled in one way")
    if "spot_nodes" in args or "dedicated_nodes" in args:
        return {
            "fixed_scale": {
                "target_low_priority_nodes": args.get("spot_nodes", 0),
                "target_dedicated_nodes": args.get("dedicated_nodes", 0),
            }
        }
    interval = args.get("auto_scale_evaluation_interval", "PT5M")
    formula = args.get("auto_scale_formula")
    if formula is None:
        formula = _following(args, interval)
    return {"auto_scale": {"formula": formula, "evaluation_interval": interval}}


def _following(args: SpotPoolArgs, interval: str) -> str:
    try:
        return following_formula(args, interval=interval)
    except InputFault as exc:
        raise SettingsError(f"pool {args['pool_name']}: {exc}") from exc


def _start_task(task: StartTask | None) -> batch.StartTaskArgsDict | None:
    if task is None:
        return None
    elevation = batch.ElevationLevel.ADMIN if task.get("elevated") else batch.ElevationLevel.NON_ADMIN
    return {
        "command_line": task["command_line"],
        "user_identity": {"auto_user": {"scope": batch.AutoUserScope.POOL, "elevation_level": elevation}},
        "wait_for_success": True,
        "max_task_retry_count": 1,
    }


def _identity(identity_id: pulumi.Input[str] | None) -> batch.BatchPoolIdentityArgsDict | None:
    if identity_id is None:
        return None
    return {"type": batch.PoolIdentityType.USER_ASSIGNED, "user_assigned_identities": [identity_id]}
