"""Everything a stack is, wired in the order of deployment."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NotRequired, TypedDict, cast

import pulumi
from pulumi_azure_native import authorization, resources

from components.application_package import ApplicationPackage, package_directory
from components.batch_account import BatchAccount, Submitter
from components.job_storage import CONTAINERS, JobStorage
from components.monitoring import Monitoring, MonitoringArgs, MonitoringShape
from components.names import account_name
from components.package_content import require_version
from components.private_links import PrivateLinks
from components.private_network import NetworkShape, PrivateNetwork, PrivateNetworkArgs
from components.provider import arm_endpoint
from components.spot_pool import PoolShape, SpotPool, SpotPoolArgs
from shoal.environment import Authentication


class Package(TypedDict):
    name: str
    """What tasks and pools call the application."""
    directory: str
    """Relative to the project."""
    version: NotRequired[str]
    """The content that the directory must have, by its hash; any unless given."""


class Pool(PoolShape):
    """A pool of the environment, with packages by name."""

    name: str
    packages: NotRequired[list[str]]


class EnvironmentArgs(TypedDict):
    location: str
    resource_group: str
    """Empty for PROJECT-STACK."""
    batch_account: str
    """Empty for a derived name."""
    storage_account: str
    """Empty for a derived name."""
    authentication: Authentication
    outputs_expire_after_days: int
    submitters: list[Submitter]
    packages: list[Package]
    pools: list[Pool]
    network: NotRequired[NetworkShape]
    """A private network that the pools are in, without public addresses; none unless given."""
    monitoring: NotRequired[MonitoringShape]
    """None unless given."""


class Environment(pulumi.ComponentResource):
    """A resource group with storage, a Batch account, its packages and its pools."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:Environment", name, None, opts)
        for package in args["packages"]:
            # before anything is made
            require_version(package["name"], package_directory(package["directory"]), package.get("version"))
        self._args = args
        subscription_id = authorization.get_client_config_output().subscription_id
        derived_name = subscription_id.apply(lambda id_: account_name(pulumi.get_project(), pulumi.get_stack(), id_))
        self._subscription_id = subscription_id
        self._group = resources.ResourceGroup(
            f"{name}-group",
            resource_group_name=args["resource_group"] or f"{pulumi.get_project()}-{pulumi.get_stack()}",
            location=args["location"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._storage = self._job_storage(name, args["storage_account"] or derived_name)
        self._account = self._batch_account(name, args["batch_account"] or derived_name)
        self._packages = {package["name"]: self._package(package) for package in args["packages"]}
        self._subnet_id = self._private_subnet(f"{name}-network", args["network"]) if "network" in args else None
        self._pools = {pool["name"]: self._pool(pool) for pool in args["pools"]}
        if "monitoring" in args:
            self._monitor(f"{name}-monitoring", args["monitoring"])
        self.register_outputs({})

    def document(self) -> Mapping[str, pulumi.Input[Any]]:
        """The hand-over document's fields, `shoal.environment.Environment`, by name."""
        return {
            "project": pulumi.get_project(),
            "stack": pulumi.get_stack(),
            "subscription_id": self._subscription_id,
            "resource_group": self._group.name,
            "location": self._args["location"],
            "arm_endpoint": arm_endpoint(),
            "batch_account": self._account.account_name,
            "batch_endpoint": self._account.endpoint,
            "storage_account": self._storage.account_name,
            "blob_endpoint": self._storage.blob_endpoint,
            "authentication": self._args["authentication"],
            "containers": asdict(CONTAINERS),
            "node_identity": self._account.node_identity_id,
            "pools": {
                name: {"id": pool.pool_name, "vm_size": pool.vm_size, "task_slots_per_node": pool.task_slots_per_node}
                for name, pool in self._pools.items()
            },
            "packages": {
                name: {"application": package.application_name, "version": package.version}
                for name, package in self._packages.items()
            },
        }

    def _job_storage(self, name: str, account: pulumi.Input[str]) -> JobStorage:
        return JobStorage(
            f"{name}-storage",
            {
                "resource_group_name": self._group.name,
                "location": self._args["location"],
                "account_name": account,
                "authentication": self._args["authentication"],
                "outputs_expire_after_days": self._args["outputs_expire_after_days"],
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _batch_account(self, name: str, account: pulumi.Input[str]) -> BatchAccount:
        return BatchAccount(
            f"{name}-batch",
            {
                "resource_group_name": self._group.name,
                "location": self._args["location"],
                "account_name": account,
                "authentication": self._args["authentication"],
                "storage_account_id": self._storage.account_id,
                "outputs_container_id": self._storage.container_ids[CONTAINERS.outputs],
                "logs_container_id": self._storage.container_ids[CONTAINERS.logs],
                "submitters": self._args["submitters"],
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _package(self, package: Package) -> ApplicationPackage:
        return ApplicationPackage(
            package["name"],
            {
                "resource_group_name": self._group.name,
                "account_name": self._account.account_name,
                "application_name": package["name"],
                "directory": package["directory"],
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _private_subnet(self, name: str, shape: NetworkShape) -> pulumi.Output[str]:
        """For the nodes, once they can reach the accounts from there."""
        place = {"resource_group_name": self._group.name, "location": self._args["location"]}
        network = PrivateNetwork(
            name, cast(PrivateNetworkArgs, {**shape, **place}), pulumi.ResourceOptions(parent=self)
        )
        if not shape.get("private_endpoints"):
            return network.subnet_id
        links = PrivateLinks(
            f"{name}-links",
            {
                "resource_group_name": self._group.name,
                "location": self._args["location"],
                "vnet_id": network.vnet_id,
                "endpoint_subnet_id": network.endpoint_subnet_id,
                "subnet_id": network.subnet_id,
                "batch_account_id": self._account.account_id,
                "storage_account_id": self._storage.account_id,
            },
            pulumi.ResourceOptions(parent=self),
        )
        return links.subnet_id

    def _monitor(self, name: str, shape: MonitoringShape) -> Monitoring:
        args = {
            **shape,
            "resource_group_name": self._group.name,
            "resource_group_id": self._group.id,
            "location": self._args["location"],
            "batch_account_id": self._account.account_id,
            "storage_account_id": self._storage.account_id,
            "dedicated_core_quota": self._account.dedicated_core_quota,
            "low_priority_core_quota": self._account.low_priority_core_quota,
        }
        return Monitoring(name, cast(MonitoringArgs, args), pulumi.ResourceOptions(parent=self))

    def _pool(self, pool: Pool) -> SpotPool:
        packages = [self._packages[package] for package in pool.get("packages", [])]
        shape = {key: value for key, value in pool.items() if key not in ("name", "packages")}
        if self._subnet_id is not None and "subnet_id" not in shape:
            shape |= {"subnet_id": self._subnet_id, "public_ip": False}
        args = {
            **shape,
            "resource_group_name": self._group.name,
            "account_name": self._account.account_name,
            "pool_name": pool["name"],
            "packages": [{"application_id": p.application_id, "version": p.version} for p in packages],
            "node_identity_id": self._account.node_identity_id,
            "storage_account_name": self._storage.account_name,
            "blob_endpoint": self._storage.blob_endpoint,
        }
        return SpotPool(pool["name"], cast(SpotPoolArgs, args), pulumi.ResourceOptions(parent=self))
