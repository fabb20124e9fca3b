"""The arguments of an environment: what a stack is, and the rules that its parts keep together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi

from shoal.azure.id_patterns import ACCOUNT_NAME, BATCH_ACCOUNT, GROUP, REGION, RESOURCE_GROUP_NAME, STORAGE_ACCOUNT
from shoal.azure.limits import BLOBFUSE_SOURCE
from shoal.environment import Authentication

from .accounts.batch_account import Submitter
from .accounts.job_storage import ImmutableDays, SoftDeleteDays
from .accounts.network_rules import Address
from .accounts.storage_account import StorageSku
from .argument_fault import ArgumentFault, Spelling
from .argument_types import BatchId, NotEmpty, Positive, SubnetId, adopted, keeping, matching, or_empty, without
from .monitoring.monitoring import MonitoringShape
from .network.private_network import NetworkShape, reaches_internet, way_out_faults
from .pool import pool_rules
from .pool.pool_network import subnet_faults
from .pool.spot_pool import PoolShape
from .tags import Tags


class EnvironmentPackage(TypedDict):
    """An application package of an environment."""

    name: BatchId
    """Name of the application, by which tasks and pools refer to it."""
    directory: NotEmpty
    """Directory to pack, relative to the project."""
    version: NotRequired[Annotated[str, matching("[0-9a-f]{16}", "16 hexadecimal digits, in quotes")]]
    """Version that the content must have; any unless given."""


class EnvironmentPool(PoolShape):
    """A pool of an environment, with packages by name."""

    name: BatchId
    """Id of the pool in Batch."""
    packages: NotRequired[list[str]]
    """Names of packages of the environment."""


def _pool_faults(pool: EnvironmentPool, spelling: Spelling) -> Iterator[ArgumentFault]:
    return pool_rules.faults(pool, spelling, date.today())  # images lose their support on a date


AccountNameOrDerived = Annotated[str, or_empty(ACCOUNT_NAME, "a derived name")]


class EnvironmentArgs(TypedDict):
    location: Annotated[str, without(REGION.fault)]
    """Azure region of all resources."""
    resource_group: Annotated[str, or_empty(RESOURCE_GROUP_NAME, "PROJECT-STACK")]
    """Name of the resource group; empty for PROJECT-STACK."""
    resource_group_id: NotRequired[Annotated[str, adopted(GROUP)]]
    """ARM id of an existing resource group to use instead, which is never deleted; empty for none."""
    batch_account: AccountNameOrDerived
    """Name of the Batch account; empty for a derived name."""
    batch_account_id: NotRequired[Annotated[str, adopted(BATCH_ACCOUNT)]]
    """ARM id of an existing Batch account to use instead, which is never changed or deleted; empty for none."""
    storage_account: AccountNameOrDerived
    """Name of the storage account; empty for a derived name."""
    storage_account_id: NotRequired[Annotated[str, adopted(STORAGE_ACCOUNT)]]
    """ARM id of an existing storage account to use instead, which is never changed or deleted; empty for none."""
    storage_sku: NotRequired[StorageSku]
    """Number and place of the copies that Azure keeps; Standard_LRS unless given."""
    authentication: Authentication
    """How clients prove who they are."""
    outputs_expire_after_days: Positive
    """Days after its last change until a blob that tasks wrote is deleted."""
    soft_delete_days: NotRequired[SoftDeleteDays]
    """Days in which deleted blobs can be restored; 0, the default, turns this off."""
    inputs_immutable_for_days: NotRequired[ImmutableDays]
    """Days after its upload in which an input can be neither changed nor deleted; 0, the default, for no limit."""
    allowed_addresses: NotRequired[list[Address]]
    """Public IPv4 addresses and ranges that may reach the accounts; all unless given."""
    allowed_subnets: NotRequired[list[pulumi.Input[SubnetId]]]
    """ARM ids of the pools' subnets. With these, `allowed_addresses` closes the storage account too."""
    deployers: list[Submitter]
    """Principals that upload application packages and get the role for writing blobs."""
    submitters: list[Submitter]
    """Principals that get the roles for submitting jobs and reading results."""
    job_schedules: NotRequired[bool]
    """True if job schedules may run: every task on the nodes can then add and end jobs of the account; false unless
    given."""
    tags: NotRequired[Tags]
    """Tags of all resources, beside `managed-by`, `shoal-project` and `shoal-stack`."""
    packages: list[EnvironmentPackage]
    """Application packages."""
    pools: list[Annotated[EnvironmentPool, keeping(_pool_faults)]]
    """Pools."""
    network: NotRequired[Annotated[NetworkShape, keeping(way_out_faults)]]
    """Private network that the pools are in, without public addresses; none unless given."""
    monitoring: NotRequired[MonitoringShape]
    """Logs, alerts and a budget; none unless given."""


def closes_storage(args: Mapping[str, Any]) -> bool:
    """Return True if the stack's own storage lets in some addresses and subnets only.

    Addresses alone do not close it: without subnets, nodes have addresses that no rule covers.
    """
    has_subnets = bool(args.get("allowed_subnets")) or "network" in args
    return bool(args.get("allowed_addresses")) and has_subnets and not args.get("storage_account_id")


def faults(args: Mapping[str, Any], spelling: Spelling, *, namespace: str = "") -> Iterator[ArgumentFault]:
    """Yield the rules that arguments break together, each of them being right by itself.

    The namespace precedes the arguments' names: a stack's file has `shoal:pools`.
    """

    def key(path: str) -> str:
        return f"{namespace}{spelling(path)}"

    yield from _contradictions(args, key)
    yield from _repeated_and_unknown_names(args, key)
    if "network" in args:
        yield from _mounts_without_blobfuse(args["network"], args["pools"], key)
        return  # in the stack's own network, every pool without a subnet gets one
    for i, pool in enumerate(args["pools"]):
        for fault in subnet_faults(pool, spelling):
            yield ArgumentFault(at=key(f"pools[{i}]"), text=f"is wrong: it {fault.text}")


def _contradictions(args: Mapping[str, Any], key: Spelling) -> Iterator[ArgumentFault]:
    for made in ("resource_group", "batch_account", "storage_account"):
        if args[made] and args.get(adopted_id := f"{made}_id"):
            text = f"names what is made and {key(adopted_id)} what is adopted; leave one of them out"
            yield ArgumentFault(at=key(made), text=text)
    addresses, subnets, storage_id = map(args.get, ("allowed_addresses", "allowed_subnets", "storage_account_id"))
    if storage_id and args.get("inputs_immutable_for_days"):
        text = (
            f"cannot be used with {key('storage_account_id')}: such a container can only be deleted with its "
            "account, so the stack could not be taken down; leave one of them out"
        )
        yield ArgumentFault(at=key("inputs_immutable_for_days"), text=text)
    if storage_id and args.get("batch_account_id") and addresses:
        text = "means nothing where both accounts are adopted, which are not changed"
        yield ArgumentFault(at=key("allowed_addresses"), text=text)
    if subnets and not addresses:
        text = f"without {key('allowed_addresses')} would close the storage to all submitters; give both"
        yield ArgumentFault(at=key("allowed_subnets"), text=text)


def _mounts_without_blobfuse(
    network: NetworkShape, pools: Sequence[EnvironmentPool], key: Spelling
) -> Iterator[ArgumentFault]:
    """Yield containers that nodes of the network cannot mount. An image of one's own may have blobfuse already."""
    host, port = BLOBFUSE_SOURCE
    if reaches_internet(network, port):
        return
    for i, pool in enumerate(pools):
        if "subnet_id" in pool or "image_id" in pool:
            continue
        for j, mount in enumerate(pool.get("mounts", [])):
            if "container" in mount:
                text = (
                    f"is {mount['container']}; nodes install blobfuse from {host}, port {port}, which {key('network')}"
                    f" does not let them reach (Azure/Batch#190, 2025-03-27): give it outbound nat with port"
                    f" {port}, or have tasks download their inputs"
                )
                yield ArgumentFault(at=key(f"pools[{i}].mounts[{j}].container"), text=text)


def _repeated_and_unknown_names(args: Mapping[str, Any], key: Spelling) -> Iterator[ArgumentFault]:
    lists = {"packages": "name", "pools": "name", "deployers": "principal_id", "submitters": "principal_id"}
    for entries, identifier in lists.items():
        if (name := _repeated([entry[identifier] for entry in args[entries]])) is not None:
            yield ArgumentFault(at=key(entries), text=f"names {name} more than once")
    known = {package["name"] for package in args["packages"]}
    for i, pool in enumerate(args["pools"]):
        at, names = key(f"pools[{i}].packages"), pool.get("packages", [])
        if (name := _repeated(names)) is not None:
            yield ArgumentFault(at=at, text=f"names {name} more than once")
            continue
        for name in names:
            if name not in known:
                yield ArgumentFault(at=at, text=f"names {name}, which {key('packages')} does not have")


def _repeated(names: Sequence[str]) -> str | None:
    """Return a repeated name. Ids that differ in case only are the same. Source: Batch REST; Entra's object ids."""
    folded = [name.lower() for name in names]
    return next((name for name in names if folded.count(name.lower()) > 1), None)
