"""The arguments of each component of a stack, from the stack's own arguments and the components before it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

import pulumi

from shoal.environment import Containers

from .accounts.account_names import account_name, container_prefix
from .accounts.batch_account import BatchAccount, BatchAccountArgs
from .accounts.job_storage import JobStorage, JobStorageArgs
from .accounts.node_roles import after_roles, needs_roles_at_once
from .accounts.package_storage import PackageStorage, PackageStorageArgs
from .accounts.storage_account import StorageSku
from .argument_check import narrowed
from .environment_args import EnvironmentArgs, EnvironmentPackage, EnvironmentPool, closes_storage
from .monitoring.monitoring import MonitoringArgs, MonitoringShape
from .network.account_links import PrivateLinksArgs
from .network.private_network import NetworkShape, PrivateNetwork, PrivateNetworkArgs
from .packages.application_package import ApplicationPackage, ApplicationPackageArgs
from .pool.pool_mounts import Mount
from .pool.pool_start_task import ResourceFile
from .pool.spot_pool import PoolShape, SpotPoolArgs

Entry = TypeVar("Entry", Mount, ResourceFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place of a stack, and what all of its resources have in common."""

    args: EnvironmentArgs
    subscription_id: pulumi.Output[str]
    group: pulumi.Input[str]
    """Name of the resource group in which the stack makes its own resources."""
    tags: dict[str, str]

    @property
    def derived_name(self) -> pulumi.Output[str]:
        """Name of accounts that the stack does not name."""
        return self.subscription_id.apply(lambda id_: account_name(pulumi.get_project(), pulumi.get_stack(), id_))

    @property
    def package_storage_name(self) -> pulumi.Output[str]:
        """Name of the storage account for packages alone."""
        return self.subscription_id.apply(
            lambda id_: account_name(pulumi.get_project(), f"{pulumi.get_stack()}/packages", id_)
        )

    @property
    def container_prefix(self) -> str:
        """Prefix of containers: an adopted account may hold containers of others too."""
        if not self.args.get("storage_account_id"):
            return ""
        return container_prefix(pulumi.get_project(), pulumi.get_stack())


def network_args(site: Site, shape: NetworkShape) -> PrivateNetworkArgs:
    return {**shape, "resource_group_name": site.group, "location": site.args["location"]}


def storage_args(site: Site, network: PrivateNetwork | None) -> JobStorageArgs:
    args = site.args
    addresses = args.get("allowed_addresses", [])
    own = [network.subnet_id] if network else []
    subnets = [*args.get("allowed_subnets", []), *own] if closes_storage(args) else []
    return {
        "resource_group_name": site.group,
        "location": args["location"],
        "account_name": args["storage_account"] or site.derived_name,
        "existing_account_id": args.get("storage_account_id", ""),
        "container_prefix": site.container_prefix,
        "authentication": args["authentication"],
        "outputs_expire_after_days": args["outputs_expire_after_days"],
        "soft_delete_days": args.get("soft_delete_days", 0),
        "inputs_immutable_for_days": args.get("inputs_immutable_for_days", 0),
        "sku": args.get("storage_sku", StorageSku.LOCAL),
        "allowed_addresses": addresses if subnets else [],
        "subnet_ids": subnets,
        "tags": site.tags,
    }


def package_storage_args(site: Site) -> PackageStorageArgs:
    return {
        "resource_group_name": site.group,
        "location": site.args["location"],
        "account_name": site.package_storage_name,
        "sku": site.args.get("storage_sku", StorageSku.LOCAL),
        "tags": site.tags,
    }


def account_args(site: Site, storage: JobStorage, package_storage: PackageStorage | None) -> BatchAccountArgs:
    args = site.args
    accounts: BatchAccountArgs = {
        "resource_group_name": site.group,
        "location": args["location"],
        "account_name": args["batch_account"] or site.derived_name,
        "existing_account_id": args.get("batch_account_id", ""),
        "authentication": args["authentication"],
        "storage_account_id": storage.account_id,
        "inputs_container_id": storage.inputs_container_id,
        "outputs_container_id": storage.outputs_container_id,
        "logs_container_id": storage.logs_container_id,
        "deployers": args["deployers"],
        "submitters": args["submitters"],
        "job_schedules": args.get("job_schedules", False),
        "allowed_addresses": args.get("allowed_addresses", []),
        "tags": site.tags,
    }
    if package_storage is None:
        return accounts
    return {**accounts, "package_storage_account_id": package_storage.account_id}


def package_args(package: EnvironmentPackage, account: BatchAccount) -> ApplicationPackageArgs:
    return {
        "resource_group_name": account.resource_group_name,
        "account_name": account.account_name,
        "application_name": package["name"],
        "directory": package["directory"],
    }


def links_args(site: Site, network: PrivateNetwork, account: BatchAccount, storage: JobStorage) -> PrivateLinksArgs:
    return {
        "resource_group_name": site.group,
        "location": site.args["location"],
        "vnet_id": network.vnet_id,
        "endpoint_subnet_id": network.endpoint_subnet_id,
        "subnet_id": network.subnet_id,
        "batch_account_id": account.account_id,
        "storage_account_id": storage.account_id,
    }


def pool_args(
    site: Site,
    pool: EnvironmentPool,
    account: BatchAccount,
    storage: JobStorage,
    packages: Mapping[str, ApplicationPackage],
    subnet_id: pulumi.Input[str] | None,
) -> SpotPoolArgs:
    shape = _with_containers(narrowed(PoolShape, pool), storage.containers)
    if subnet_id is not None and "subnet_id" not in shape:
        shape = {**shape, "subnet_id": subnet_id, "public_ip": False}
    taken = [packages[name] for name in pool.get("packages", [])]
    return {
        **shape,
        "resource_group_name": account.resource_group_name,
        "account_name": account.account_name,
        "pool_name": pool["name"],
        "packages": [{"application_id": package.application_id, "version": package.version} for package in taken],
        "node_identity_id": _node_identity(pool, account),
        "package_identity_id": account.package_identity_id,
        "spot_core_quota": _if_known(account.low_priority_core_quota),
        "storage_account_name": storage.account_name,
        "blob_endpoint": storage.blob_endpoint,
        "tags": {**site.tags, **pool.get("tags", {})},
    }


def _if_known(quota: pulumi.Output[int | None]) -> pulumi.Output[int | None]:
    """Return the quota, or None in the preview of a new account: so that the preview shows a formula nevertheless."""
    return pulumi.Output.from_input(quota.future())


def _node_identity(pool: EnvironmentPool, account: BatchAccount) -> pulumi.Output[str]:
    if not needs_roles_at_once(pool):
        return account.node_identity_id
    return after_roles(account.node_identity_id, account.storage_roles, account)


def monitoring_args(site: Site, shape: MonitoringShape, account: BatchAccount, storage: JobStorage) -> MonitoringArgs:
    # Nodes are billed to the resource group of their account.
    billed = pulumi.Output.concat(
        "/subscriptions/", site.subscription_id, "/resourceGroups/", account.resource_group_name
    )
    return {
        **shape,
        "resource_group_name": site.group,
        "resource_group_id": billed,
        "location": site.args["location"],
        "batch_account_id": account.account_id,
        "storage_account_id": storage.account_id,
        "dedicated_core_quota": account.dedicated_core_quota,
        "low_priority_core_quota": account.low_priority_core_quota,
    }


def _with_containers(shape: PoolShape, containers: Containers) -> PoolShape:
    """Return a pool with the real names of containers, which it calls `inputs`, `outputs` and `logs` in any account."""
    names = asdict(containers)
    if "mounts" in shape:
        shape = {**shape, "mounts": [_with_container(mount, names) for mount in shape["mounts"]]}
    if "start_task" in shape and "resource_files" in shape["start_task"]:
        files = [_with_container(file, names) for file in shape["start_task"]["resource_files"]]
        shape = {**shape, "start_task": {**shape["start_task"], "resource_files": files}}
    return shape


def _with_container(entry: Entry, names: Mapping[str, str]) -> Entry:
    return {**entry, "container": names.get(entry["container"], entry["container"])} if "container" in entry else entry
