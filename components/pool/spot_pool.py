"""A pool of Spot nodes that follows its tasks, down to none when idle."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import authorization, batch
from pydantic import Field

from shoal.autoscale.scenarios.trade_off import TradeOff
from shoal.azure.id_patterns import GALLERY_IMAGE, GALLERY_VERSION, arm_id_fault
from shoal.azure.limits import CHANGED_IN_PLACE, FIXED_ONCE_CREATED, TASK_SLOTS_PER_NODE

from ..argument_fault import ArgumentFault, Spelling, as_given
from ..argument_types import Duration, NonNegative, NotEmpty, Positive, SubnetId, matching, without
from ..component import checked, outputs
from ..tags import Tags
from . import node_storage, pool_containers
from .machine import deployment_configuration
from .pool_containers import PoolContainers
from .pool_mounts import Mount, mount_configuration
from .pool_network import network_configuration, subnet_faults
from .pool_rules import doubts, faults
from .pool_scaling import EvaluationInterval, Formula, following_formula, scaling_in_document
from .pool_start_task import PoolStartTask, start_task
from .pool_update import PoolUpdate
from .size_rules import vm_size
from .upgrade_policy import UpgradePolicy, upgrade_policy
from .user_accounts import UserAccount, user_accounts

REPLACING = [*FIXED_ONCE_CREATED, "identity"]
"""azure-native would send a change as an update, which Azure refuses or, for identities, applies to new nodes only.
Source: "Configure managed identities in Batch pools"."""
IGNORED = [*CHANGED_IN_PLACE, "targetNodeCommunicationMode"]
"""Of these, a change is not sent as a PUT, which Azure would refuse; see `PoolUpdate`."""


class TaskFill(StrEnum):
    """The node that gets a task when several have a free slot."""

    PACK = "pack"
    """The fullest node, so that others become idle and can be removed."""
    SPREAD = "spread"
    """The emptiest node, so that tasks share it with few others."""


FILL_TYPES = {TaskFill.PACK: batch.ComputeNodeFillType.PACK, TaskFill.SPREAD: batch.ComputeNodeFillType.SPREAD}


ImageId = Annotated[str, without(lambda value: arm_id_fault(value, GALLERY_VERSION, GALLERY_IMAGE))]
ImageVersion = Annotated[
    str, matching(r"latest|\d+\.\d+\.\d+", "latest, or a whole version such as 24.04.202605010 (az vm image list)")
]
TaskSlots = Annotated[int, Field(ge=1, le=TASK_SLOTS_PER_NODE)]


class PackageReference(TypedDict):
    """A version of an application package that every node of a pool has."""

    application_id: pulumi.Input[str]
    """ARM id of the application."""
    version: pulumi.Input[str]
    """Version of the package; must be an activated one."""


class PoolShape(TypedDict):
    """The arguments of a pool that do not depend on its account and its stack."""

    vm_size: pulumi.Input[NotEmpty]
    """VM size of the nodes in Azure's spelling, such as standard_d4s_v5."""
    image: NotRequired[NotEmpty]
    """Name of an image in the table of docs/pools.md, such as ubuntu-24.04."""
    image_version: NotRequired[ImageVersion]
    """Version of the image; the latest unless given."""
    image_id: NotRequired[pulumi.Input[ImageId]]
    """ARM id of your own image in a Compute Gallery, instead of `image`."""
    node_agent_sku_id: NotRequired[NotEmpty]
    """Node agent that fits your own image, such as `batch.node.ubuntu 24.04`."""
    ephemeral_os_disk: NotRequired[bool]
    """Keep the operating system's disk on the node's own cache: free and fast, for dedicated nodes only."""
    task_slots_per_node: NotRequired[pulumi.Input[TaskSlots]]
    """Tasks that a node runs at the same time, up to four a core; 1 unless given."""
    memory_gib_per_slot: NotRequired[Annotated[float, Field(gt=0)]]
    """GiB of memory that a task slot needs. A VM size without enough memory for its slots is refused."""
    task_fill: NotRequired[TaskFill]
    """The node that gets the next task; `pack` unless given."""
    inter_node_communication: NotRequired[bool]
    """True if nodes may speak to each other; false unless given."""
    max_spot_nodes: NotRequired[Positive]
    """Most Spot nodes. This and the next six are limits of the formula that follows the tasks, by which a pool is
    scaled unless it has a formula of its own or a fixed number of nodes."""
    max_dedicated_nodes: NotRequired[NonNegative]
    """Most dedicated nodes, which are used while Spot nodes are not available; 0 for none."""
    slots_per_task: NotRequired[Annotated[float, Field(ge=0.001)]]
    """Task slots that a task takes on average."""
    trade_off: NotRequired[TradeOff]
    """Cost or time: `economy`, `balanced` or `fast`; `balanced` unless given."""
    hold: NotRequired[Duration]
    """Time that nodes stay after the work would fit on fewer, in ISO 8601; about a minute unless given."""
    max_step: NotRequired[Positive]
    """Most nodes that one evaluation adds."""
    warm_up_nodes: NotRequired[NonNegative]
    """Spot nodes that a new pool starts with."""
    auto_scale_formula: NotRequired[pulumi.Input[Formula]]
    """Your own autoscale formula, instead of the one with these limits."""
    auto_scale_evaluation_interval: NotRequired[EvaluationInterval]
    """Time between evaluations in ISO 8601, PT5M to PT168H; from PT1S on the embedded service."""
    spot_nodes: NotRequired[pulumi.Input[NonNegative]]
    """Fixed number of Spot nodes, instead of a formula."""
    dedicated_nodes: NotRequired[pulumi.Input[NonNegative]]
    """Fixed number of dedicated nodes, instead of a formula."""
    start_task: NotRequired[PoolStartTask]
    """Command that each node runs before its first task."""
    containers: NotRequired[PoolContainers]
    """Containers of tasks, of which all run in one then: images and registries."""
    mounts: NotRequired[list[Mount]]
    """File systems that each node mounts."""
    user_accounts: NotRequired[list[UserAccount]]
    """Users of each node, beside the ones that Batch makes."""
    subnet_id: NotRequired[pulumi.Input[SubnetId]]
    """ARM id of the subnet that nodes are in."""
    public_ip: NotRequired[bool]
    """False if nodes have no public address and reach Batch through their subnet; true unless given."""
    accelerated_networking: NotRequired[bool]
    """True or false for accelerated networking; Azure's default unless given."""
    upgrade_policy: NotRequired[UpgradePolicy]
    """When and how the operating system of nodes is upgraded."""
    metadata: NotRequired[dict[str, str]]
    """Name/value pairs that are stored with the pool."""
    tags: NotRequired[Tags]
    """Tags of the pool."""


class SpotPoolArgs(PoolShape):
    resource_group_name: pulumi.Input[str]
    """Resource group of the Batch account."""
    account_name: pulumi.Input[str]
    """Name of the Batch account."""
    pool_name: pulumi.Input[str]
    """Id of the pool in Batch."""
    packages: NotRequired[list[PackageReference]]
    """Application packages that are on every node before its start task."""
    node_identity_id: NotRequired[pulumi.Input[str]]
    """User-assigned identity that nodes and tasks act by."""
    storage_account_name: NotRequired[pulumi.Input[str]]
    """Storage account with the containers of mounts and of the start task's resource files; needs `blob_endpoint`."""
    blob_endpoint: NotRequired[pulumi.Input[str]]
    """Blob endpoint of that account, with scheme, no trailing slash."""
    package_identity_id: NotRequired[pulumi.Input[str | None]]
    """User-assigned identity by which nodes read packages, if it differs from `node_identity_id`."""
    spot_core_quota: NotRequired[pulumi.Input[int | None]]
    """Spot cores that the account may have. Spot nodes beyond them do not count as missing, so that the formula buys no
    dedicated nodes in their place."""


class SpotPool(pulumi.ComponentResource):
    """A pool of Spot nodes that follows its tasks, down to none when idle.

    A change that Azure cannot make replaces the pool, the old one deleted first, because both have the same name.
    """

    pool_name: pulumi.Output[str]
    """Id of the pool in Batch."""
    vm_size: pulumi.Output[str]
    """VM size of the nodes."""
    task_slots_per_node: pulumi.Output[int]
    """Tasks that a node runs at the same time."""

    def __init__(self, name: str, args: SpotPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, SpotPoolArgs, args, _faults)
        super().__init__("shoal:index:SpotPool", name, None, opts)
        for doubt in doubts(args, as_given, date.today()):
            pulumi.log.warn(f"SpotPool {name}: {doubt}", self)
        in_place = _changed_in_place(args)
        update = PoolUpdate(f"{name}-pool", _pool_id(args), in_place, pulumi.ResourceOptions(parent=self))
        pool = _pool(
            f"{name}-pool",
            args,
            in_place,
            _after(update, args["pool_name"]),
            pulumi.ResourceOptions(
                parent=self,
                replace_on_changes=REPLACING,
                ignore_changes=IGNORED,
                delete_before_replace=True,
            ),
        )
        update.carry_out(pool)
        self.pool_name = pool.name
        self.vm_size = pulumi.Output.from_input(args["vm_size"])
        self.task_slots_per_node = pulumi.Output.from_input(args.get("task_slots_per_node", 1))
        self._scale_settings = in_place["scale_settings"]
        self.register_outputs(outputs(self))

    @property
    def scaling(self) -> pulumi.Output[dict[str, Any]]:
        """Return what the hand-over document says about the pool's size; no output of the component."""
        return pulumi.Output.from_input(self._scale_settings).apply(scaling_in_document)


def _faults(args: SpotPoolArgs, spelling: Spelling) -> Iterator[ArgumentFault]:
    yield from faults(args, spelling, date.today())
    yield from subnet_faults(args, spelling)
    yield from node_storage.faults(args, spelling)
    yield from pool_containers.identity_faults(args, spelling)


def _pool_id(args: SpotPoolArgs) -> pulumi.Output[str]:
    """Return the ARM id before the pool is declared."""
    return pulumi.Output.format(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Batch/batchAccounts/{}/pools/{}",
        authorization.get_client_config_output().subscription_id,
        args["resource_group_name"],
        args["account_name"],
        args["pool_name"],
    )


def _changed_in_place(args: SpotPoolArgs) -> dict[str, Any]:
    """Return the properties of which a change is an update."""
    packages = args.get("packages", [])
    return {
        "scale_settings": _scale(args),
        "start_task": start_task(args.get("start_task"), node_storage.node_storage(args)),
        "application_packages": [{"id": each["application_id"], "version": each["version"]} for each in packages],
        "metadata": _metadata(args.get("metadata")),
        "tags": args.get("tags"),
    }


def _after(update: PoolUpdate, pool_name: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return the name once the update is registered, so that a policy refuses it before the pool is made.

    `depends_on` would wait for the children of the component, of which it has none.
    """
    return pulumi.Output.all(update.urn, pool_name).apply(lambda known: str(known[1]))


def _pool(
    name: str,
    args: SpotPoolArgs,
    in_place: dict[str, Any],
    pool_name: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> batch.Pool:
    storage = node_storage.node_storage(args)
    return batch.Pool(
        name,
        resource_group_name=args["resource_group_name"],
        account_name=args["account_name"],
        pool_name=pool_name,
        vm_size=args["vm_size"],
        deployment_configuration=deployment_configuration(args),
        network_configuration=network_configuration(args),
        target_node_communication_mode=batch.NodeCommunicationMode.SIMPLIFIED,
        inter_node_communication=_inter_node_communication(args.get("inter_node_communication")),
        task_slots_per_node=args.get("task_slots_per_node", 1),
        task_scheduling_policy={"node_fill_type": FILL_TYPES[TaskFill(args.get("task_fill", TaskFill.PACK))]},
        mount_configuration=mount_configuration(args.get("mounts", []), storage) or None,
        user_accounts=user_accounts(args.get("user_accounts", [])) or None,
        upgrade_policy=upgrade_policy(args.get("upgrade_policy")),
        identity=_identity(args.get("node_identity_id"), args.get("package_identity_id")),
        **in_place,
        opts=opts,
    )


def _scale(args: SpotPoolArgs) -> batch.ScaleSettingsArgsDict:
    if "spot_nodes" in args or "dedicated_nodes" in args:
        return {
            "fixed_scale": {
                "target_low_priority_nodes": args.get("spot_nodes", 0),
                "target_dedicated_nodes": args.get("dedicated_nodes", 0),
            }
        }
    interval = args.get("auto_scale_evaluation_interval", "PT5M")
    formula = args["auto_scale_formula"] if "auto_scale_formula" in args else _following(args)
    return {"auto_scale": {"formula": formula, "evaluation_interval": interval}}


def _following(args: SpotPoolArgs) -> pulumi.Input[str]:
    """Return the formula that follows the tasks, within the account's Spot quota where that and the size are known."""
    size = vm_size(args)
    if size is None or "spot_core_quota" not in args:
        return following_formula(args)
    quota = pulumi.Output.from_input(args["spot_core_quota"])
    return quota.apply(lambda cores: following_formula(args, spot_quota_nodes=(cores or 0) // size.cores))


def _inter_node_communication(is_allowed: bool | None) -> batch.InterNodeCommunicationState | None:
    if is_allowed is None:
        return None
    return batch.InterNodeCommunicationState.ENABLED if is_allowed else batch.InterNodeCommunicationState.DISABLED


def _metadata(metadata: Mapping[str, str] | None) -> list[batch.MetadataItemArgsDict] | None:
    return [{"name": name, "value": value} for name, value in metadata.items()] if metadata else None


def _identity(*identity_ids: pulumi.Input[str | None] | None) -> batch.BatchPoolIdentityArgsDict | None:
    if not any(identity_ids):
        return None
    known = pulumi.Output.all(*identity_ids).apply(lambda ids: [id_ for id_ in ids if id_ is not None])
    return {"type": batch.PoolIdentityType.USER_ASSIGNED, "user_assigned_identities": known}
