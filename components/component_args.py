"""What each component of a stack is told: from the stack's arguments, and from the components before it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import pulumi

from shoal.environment import Containers

from .accounts.account_names import account_name, container_prefix
from .accounts.batch_account import BatchAccount, BatchAccountArgs
from .accounts.job_storage import JobStorage, JobStorageArgs, StorageSku
from .environment_args import EnvironmentArgs, Package, Pool
from .monitoring.monitoring import MonitoringArgs, MonitoringShape
from .network.private_links import PrivateLinksArgs
from .network.private_network import NetworkShape, PrivateNetwork, PrivateNetworkArgs
from .packages.application_package import ApplicationPackage, ApplicationPackageArgs
from .pool.spot_pool import SpotPoolArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a stack is, and what everything of it has."""

    args: EnvironmentArgs
    subscription_id: pulumi.Output[str]
    group: pulumi.Input[str]
    """Name of the group that the stack makes its own things in."""
    tags: dict[str, str]

    @property
    def derived_name(self) -> pulumi.Output[str]:
        """Of accounts that the stack does not name."""
        return self.subscription_id.apply(lambda id_: account_name(pulumi.get_project(), pulumi.get_stack(), id_))

    @property
    def container_prefix(self) -> str:
        """An adopted account may hold the containers of others too."""
        if not self.args.get("storage_account_id"):
            return ""
        return container_prefix(pulumi.get_project(), pulumi.get_stack())


def network_args(site: Site, shape: NetworkShape) -> PrivateNetworkArgs:
    args = {**shape, "resource_group_name": site.group, "location": site.args["location"]}
    return cast(PrivateNetworkArgs, args)


def storage_args(site: Site, network: PrivateNetwork | None) -> JobStorageArgs:
    args = site.args
    addresses = args.get("allowed_addresses", [])
    own = [network.subnet_id] if network else []
    # Only addresses close the account; without subnets, nodes have addresses that no rule covers.
    subnets = [*args.get("allowed_subnets", []), *own] if addresses else []
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


def account_args(site: Site, storage: JobStorage) -> BatchAccountArgs:
    args = site.args
    return {
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
        "allowed_addresses": args.get("allowed_addresses", []),
        "tags": site.tags,
    }


def package_args(package: Package, account: BatchAccount) -> ApplicationPackageArgs:
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
    pool: Pool,
    account: BatchAccount,
    storage: JobStorage,
    packages: Mapping[str, ApplicationPackage],
    subnet_id: pulumi.Input[str] | None,
) -> SpotPoolArgs:
    shape: dict[str, Any] = {key: value for key, value in pool.items() if key not in ("name", "packages")}
    if subnet_id is not None and "subnet_id" not in shape:
        shape |= {"subnet_id": subnet_id, "public_ip": False}
    taken = [packages[name] for name in pool.get("packages", [])]
    args = {
        **_with_containers(shape, storage.containers),
        "resource_group_name": account.resource_group_name,
        "account_name": account.account_name,
        "pool_name": pool["name"],
        "packages": [{"application_id": package.application_id, "version": package.version} for package in taken],
        "node_identity_id": account.node_identity_id,
        "package_identity_id": account.package_identity_id,
        "storage_account_name": storage.account_name,
        "blob_endpoint": storage.blob_endpoint,
        "tags": {**site.tags, **pool.get("tags", {})},
    }
    return cast(SpotPoolArgs, args)


def monitoring_args(site: Site, shape: MonitoringShape, account: BatchAccount, storage: JobStorage) -> MonitoringArgs:
    # What nodes cost is billed where their account is.
    billed = pulumi.Output.concat(
        "/subscriptions/", site.subscription_id, "/resourceGroups/", account.resource_group_name
    )
    args = {
        **shape,
        "resource_group_name": site.group,
        "resource_group_id": billed,
        "location": site.args["location"],
        "batch_account_id": account.account_id,
        "storage_account_id": storage.account_id,
        "dedicated_core_quota": account.dedicated_core_quota,
        "low_priority_core_quota": account.low_priority_core_quota,
    }
    return cast(MonitoringArgs, args)


def _with_containers(shape: Mapping[str, Any], containers: Containers) -> dict[str, Any]:
    """A pool names the stack's containers by what they are for; in an adopted account they are called otherwise."""
    names = asdict(containers)

    def named(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**entry, "container": names.get(entry["container"], entry["container"])}
            if "container" in entry
            else {**entry}
            for entry in entries
        ]

    told = dict(shape)
    if "mounts" in told:
        told["mounts"] = named(told["mounts"])
    if "resource_files" in told.get("start_task", {}):
        told["start_task"] = {**told["start_task"], "resource_files": named(told["start_task"]["resource_files"])}
    return told
