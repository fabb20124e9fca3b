"""A pool of Spot nodes that follows its tasks, down to none when idle."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch

from shoal.autoscale.errors import InputFault

from ..errors import SettingsError
from . import node_storage
from .fault import as_given
from .machine import deployment_configuration
from .mounts import Mount, mount_configuration
from .pool_network import network_configuration, subnet_faults
from .pool_rules import doubts, faults
from .pool_scaling import following_formula
from .start_task import StartTask, start_task
from .upgrade_policy import UpgradePolicy, upgrade_policy
from .user_accounts import UserAccount, user_accounts

FIXED_ONCE_CREATED = [
    "vmSize",
    "deploymentConfiguration",
    "networkConfiguration",
    "interNodeCommunication",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "userAccounts",
    "mountConfiguration",
    "upgradePolicy",
    "identity",
]
"""azure-native would send these as an update, which Azure refuses (PropertyCannotBeUpdated) or, for identities, leaves
without effect on the nodes that there are. Source: azure-rest-api Pool, they can change only while the pool has no
nodes; "Configure managed identities in Batch pools"."""


class TaskFill(StrEnum):
    """Where a task goes when several nodes have a free slot."""

    PACK = "pack"
    """To the fullest, so that others become idle and can go."""
    SPREAD = "spread"
    """To the emptiest, so that tasks share their nodes with few."""


FILL_TYPES = {TaskFill.PACK: batch.ComputeNodeFillType.PACK, TaskFill.SPREAD: batch.ComputeNodeFillType.SPREAD}


class PackageReference(TypedDict):
    application_id: pulumi.Input[str]
    """ARM id of the application."""
    version: pulumi.Input[str]
    """Which has to be active."""


class PoolShape(TypedDict):
    """What a pool is, whatever account and stack it belongs to."""

    vm_size: pulumi.Input[str]
    """As Azure spells it, such as standard_d4s_v5."""
    image: NotRequired[str]
    """A name of `shoal/azure/images.py`, such as ubuntu-24.04."""
    image_version: NotRequired[str]
    """The latest unless given."""
    image_id: NotRequired[pulumi.Input[str]]
    """Instead of `image`: one of your own in a Compute Gallery."""
    node_agent_sku_id: NotRequired[str]
    """That fits the image of your own, such as `batch.node.ubuntu 24.04`."""
    ephemeral_os_disk: NotRequired[bool]
    """The system's disk on the node's own cache: free and fast, for dedicated nodes only."""
    task_slots_per_node: NotRequired[pulumi.Input[int]]
    """Tasks that a node runs at once, up to four a core; 1 unless given."""
    memory_gib_per_slot: NotRequired[float]
    """What a task slot needs: a size whose memory does not suffice for its slots is refused."""
    task_fill: NotRequired[TaskFill]
    """Pack unless given."""
    inter_node_communication: NotRequired[bool]
    """Whether nodes may speak to each other; false unless given."""
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
    """What each node runs before its first task."""
    mounts: NotRequired[list[Mount]]
    """File systems of each node."""
    user_accounts: NotRequired[list[UserAccount]]
    """Users of each node beside Batch's own."""
    subnet_id: NotRequired[pulumi.Input[str]]
    """ARM id of the subnet that nodes are in."""
    public_ip: NotRequired[bool]
    """False: nodes have no public address, and reach Batch through their subnet; true unless given."""
    accelerated_networking: NotRequired[bool]
    """Azure's own default unless given."""
    upgrade_policy: NotRequired[UpgradePolicy]
    """When the operating system of nodes is upgraded."""
    metadata: NotRequired[dict[str, str]]
    """That Batch keeps for whoever asks."""
    tags: NotRequired[dict[str, str]]
    """Of the pool as a resource."""


class SpotPoolArgs(PoolShape):
    resource_group_name: pulumi.Input[str]
    """Of the Batch account."""
    account_name: pulumi.Input[str]
    """The Batch account."""
    pool_name: pulumi.Input[str]
    """The pool's id in Batch."""
    packages: NotRequired[list[PackageReference]]
    """On every node, before its start task."""
    node_identity_id: NotRequired[pulumi.Input[str]]
    """User-assigned identity that nodes and tasks act by."""
    storage_account_name: NotRequired[pulumi.Input[str]]
    """Where the containers of mounts and of the start task's resource files are; with the next."""
    blob_endpoint: NotRequired[pulumi.Input[str]]
    """Of that account, with scheme, no trailing slash."""
    package_identity_id: NotRequired[pulumi.Input[str]]
    """User-assigned identity by which nodes read packages, where it is another."""


class SpotPool(pulumi.ComponentResource):
    """What Azure cannot change in a pool replaces it, the old one deleted first: both have the same name."""

    pool_name: pulumi.Output[str]
    """The pool's id in Batch."""
    vm_size: pulumi.Output[str]
    """As it was given."""
    task_slots_per_node: pulumi.Output[int]
    """As it was given, or 1."""

    def __init__(self, name: str, args: SpotPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:SpotPool", name, None, opts)
        _check(args)
        for doubt in doubts(args, as_given, date.today()):
            pulumi.log.warn(f"pool {args['pool_name']}: {doubt}", self)
        pool = _pool(
            f"{name}-pool",
            args,
            pulumi.ResourceOptions(parent=self, replace_on_changes=FIXED_ONCE_CREATED, delete_before_replace=True),
        )
        self.pool_name = pool.name
        self.vm_size = pulumi.Output.from_input(args["vm_size"])
        self.task_slots_per_node = pulumi.Output.from_input(args.get("task_slots_per_node", 1))
        self.register_outputs({"poolName": self.pool_name})


def _check(args: SpotPoolArgs) -> None:
    """Raises SettingsError."""
    found = [
        *faults(args, as_given, date.today()),
        *subnet_faults(args, as_given),
        *node_storage.faults(args, as_given),
    ]
    if found:
        pool = f"pool {args['pool_name']}"
        raise SettingsError(
            "\n".join(f"{pool}: {fault.at} {fault.text}" if fault.at else f"{pool} {fault.text}" for fault in found)
        )


def _pool(name: str, args: SpotPoolArgs, opts: pulumi.ResourceOptions) -> batch.Pool:
    storage = node_storage.node_storage(args)
    return batch.Pool(
        name,
        resource_group_name=args["resource_group_name"],
        account_name=args["account_name"],
        pool_name=args["pool_name"],
        vm_size=args["vm_size"],
        deployment_configuration=deployment_configuration(args),
        network_configuration=network_configuration(args),
        target_node_communication_mode=batch.NodeCommunicationMode.SIMPLIFIED,
        inter_node_communication=_inter_node_communication(args.get("inter_node_communication")),
        task_slots_per_node=args.get("task_slots_per_node", 1),
        task_scheduling_policy={"node_fill_type": FILL_TYPES[TaskFill(args.get("task_fill", TaskFill.PACK))]},
        scale_settings=_scale(args),
        start_task=start_task(args.get("start_task"), storage),
        application_packages=[
            {"id": package["application_id"], "version": package["version"]} for package in args.get("packages", [])
        ],
        mount_configuration=mount_configuration(args.get("mounts", []), storage) or None,
        user_accounts=user_accounts(args.get("user_accounts", [])) or None,
        upgrade_policy=upgrade_policy(args.get("upgrade_policy")),
        identity=_identity(args.get("node_identity_id"), args.get("package_identity_id")),
        metadata=_metadata(args.get("metadata")),
        tags=args.get("tags"),
        opts=opts,
    )


def _scale(args: SpotPoolArgs) -> batch.ScaleSettingsArgsDict:
    """Raises SettingsError."""
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


def _inter_node_communication(wanted: bool | None) -> batch.InterNodeCommunicationState | None:
    if wanted is None:
        return None
    return batch.InterNodeCommunicationState.ENABLED if wanted else batch.InterNodeCommunicationState.DISABLED


def _metadata(metadata: Mapping[str, str] | None) -> list[batch.MetadataItemArgsDict] | None:
    return [{"name": name, "value": value} for name, value in metadata.items()] if metadata else None


def _identity(*identity_ids: pulumi.Input[str] | None) -> batch.BatchPoolIdentityArgsDict | None:
    if not any(identity_ids):
        return None
    known = pulumi.Output.all(*identity_ids).apply(lambda ids: [id_ for id_ in ids if id_ is not None])
    return {"type": batch.PoolIdentityType.USER_ASSIGNED, "user_assigned_identities": known}
