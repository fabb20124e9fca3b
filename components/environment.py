"""Everything a stack is, wired in the order of deployment."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, cast

import pulumi
from pulumi_azure_native import authorization, resources

from components.adoption import Needs, find_batch_account, find_resource_group, find_storage_account
from components.application_package import ApplicationPackage, package_directory
from components.batch_account import BatchAccount
from components.environment_args import EnvironmentArgs, Package, Pool
from components.job_storage import JobStorage, StorageSku, containers
from components.monitoring import Monitoring, MonitoringArgs, MonitoringShape
from components.names import account_name, container_prefix
from components.package_content import require_version
from components.private_links import PrivateLinks
from components.private_network import PrivateNetwork, PrivateNetworkArgs
from components.provider import arm_endpoint
from components.quotas import Quotas, demand, shortfalls
from components.spot_pool import SpotPool, SpotPoolArgs
from components.tags import stack_tags


class Environment(pulumi.ComponentResource):
    """A resource group with storage, a Batch account, its packages and its pools."""

    resource_group_name: pulumi.Output[str]
    """The Batch account's."""
    batch_account_name: pulumi.Output[str]
    """Whether made or adopted."""
    batch_endpoint: pulumi.Output[str]
    """With scheme, no trailing slash."""
    storage_account_name: pulumi.Output[str]
    """Whether made or adopted."""
    blob_endpoint: pulumi.Output[str]
    """With scheme, no trailing slash."""
    node_identity_id: pulumi.Output[str]
    """User-assigned identity by which nodes read inputs and write outputs."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:Environment", name, None, opts)
        for package in args["packages"]:
            # before anything is made
            require_version(package["name"], package_directory(package["directory"]), package.get("version"))
        self._args = args
        self._tags = stack_tags(args.get("tags", {}))
        self._containers = containers(self._container_prefix())
        self._require_adopted()
        self._subscription_id = authorization.get_client_config_output().subscription_id
        self._group = self._resource_group(f"{name}-group")
        self._network = self._private_network(f"{name}-network")
        self._storage = self._job_storage(f"{name}-storage")
        self._account = self._batch_account(f"{name}-batch")
        self._packages = {package["name"]: self._package(package) for package in args["packages"]}
        self._subnet_id = self._subnet(f"{name}-network-links")
        self._pools = {pool["name"]: self._pool(pool) for pool in args["pools"]}
        if "monitoring" in args:
            self._monitor(f"{name}-monitoring", args["monitoring"])
        self._warn_of_quotas()
        self._describe()

    def _describe(self) -> None:
        self.resource_group_name = self._account.resource_group_name
        self.batch_account_name, self.batch_endpoint = self._account.account_name, self._account.endpoint
        self.storage_account_name, self.blob_endpoint = self._storage.account_name, self._storage.blob_endpoint
        self.node_identity_id = self._account.node_identity_id
        self.register_outputs(
            {
                "resourceGroupName": self.resource_group_name,
                "batchAccountName": self.batch_account_name,
                "batchEndpoint": self.batch_endpoint,
                "storageAccountName": self.storage_account_name,
                "blobEndpoint": self.blob_endpoint,
                "nodeIdentityId": self.node_identity_id,
            }
        )

    def document(self) -> Mapping[str, pulumi.Input[Any]]:
        """The hand-over document's fields, `shoal.environment.Environment`, by name."""
        return {
            "project": pulumi.get_project(),
            "stack": pulumi.get_stack(),
            "subscription_id": self._subscription_id,
            "resource_group": self.resource_group_name,
            "location": self._args["location"],
            "arm_endpoint": arm_endpoint(),
            "batch_account": self.batch_account_name,
            "batch_endpoint": self.batch_endpoint,
            "storage_account": self.storage_account_name,
            "storage_resource_group": self._storage.resource_group_name,
            "blob_endpoint": self.blob_endpoint,
            "authentication": self._args["authentication"],
            "containers": asdict(self._containers),
            "node_identity": self.node_identity_id,
            "pools": {
                name: {"id": pool.pool_name, "vm_size": pool.vm_size, "task_slots_per_node": pool.task_slots_per_node}
                for name, pool in self._pools.items()
            },
            "packages": {
                name: {"application": package.application_name, "version": package.version}
                for name, package in self._packages.items()
            },
        }

    def _require_adopted(self) -> None:
        """Raises SettingsError before anything is made."""
        args = self._args
        needs = Needs(
            authentication=args["authentication"], location=args["location"], has_packages=bool(args["packages"])
        )
        batch_account, storage_account = args.get("batch_account_id"), args.get("storage_account_id")
        if batch_account:
            find_batch_account(batch_account, needs, parent=self)
        if storage_account:
            # A Batch account that is adopted too keeps packages where it has always kept them.
            find_storage_account(storage_account, replace(needs, has_packages=not batch_account), parent=self)

    def _resource_group(self, name: str) -> pulumi.Input[str]:
        """The name of the group that the stack makes its own things in."""
        if id_ := self._args.get("resource_group_id"):
            return find_resource_group(id_, parent=self).name
        return resources.ResourceGroup(
            name,
            resource_group_name=self._args["resource_group"] or f"{pulumi.get_project()}-{pulumi.get_stack()}",
            location=self._args["location"],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        ).name

    def _derived_name(self) -> pulumi.Output[str]:
        return self._subscription_id.apply(lambda id_: account_name(pulumi.get_project(), pulumi.get_stack(), id_))

    def _container_prefix(self) -> str:
        """An adopted account may hold the containers of others too."""
        if not self._args.get("storage_account_id"):
            return ""
        return container_prefix(pulumi.get_project(), pulumi.get_stack())

    def _private_network(self, name: str) -> PrivateNetwork | None:
        if "network" not in self._args:
            return None
        args = {**self._args["network"], "resource_group_name": self._group, "location": self._args["location"]}
        return PrivateNetwork(name, cast(PrivateNetworkArgs, args), pulumi.ResourceOptions(parent=self))

    def _job_storage(self, name: str) -> JobStorage:
        args = self._args
        addresses = args.get("allowed_addresses", [])
        own = [self._network.subnet_id] if self._network else []
        # Only addresses close the account; without subnets, nodes have addresses that no rule covers.
        subnets = [*args.get("allowed_subnets", []), *own] if addresses else []
        return JobStorage(
            name,
            {
                "resource_group_name": self._group,
                "location": args["location"],
                "account_name": args["storage_account"] or self._derived_name(),
                "existing_account_id": args.get("storage_account_id", ""),
                "container_prefix": self._container_prefix(),
                "authentication": args["authentication"],
                "outputs_expire_after_days": args["outputs_expire_after_days"],
                "soft_delete_days": args.get("soft_delete_days", 0),
                "inputs_immutable_for_days": args.get("inputs_immutable_for_days", 0),
                "sku": args.get("storage_sku", StorageSku.LOCAL),
                "allowed_addresses": addresses if subnets else [],
                "subnet_ids": subnets,
                "tags": self._tags,
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _batch_account(self, name: str) -> BatchAccount:
        args = self._args
        return BatchAccount(
            name,
            {
                "resource_group_name": self._group,
                "location": args["location"],
                "account_name": args["batch_account"] or self._derived_name(),
                "existing_account_id": args.get("batch_account_id", ""),
                "authentication": args["authentication"],
                "storage_account_id": self._storage.account_id,
                "inputs_container_id": self._storage.inputs_container_id,
                "outputs_container_id": self._storage.outputs_container_id,
                "logs_container_id": self._storage.logs_container_id,
                "deployers": args["deployers"],
                "submitters": args["submitters"],
                "allowed_addresses": args.get("allowed_addresses", []),
                "tags": self._tags,
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _package(self, package: Package) -> ApplicationPackage:
        return ApplicationPackage(
            package["name"],
            {
                "resource_group_name": self._account.resource_group_name,
                "account_name": self._account.account_name,
                "application_name": package["name"],
                "directory": package["directory"],
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _subnet(self, name: str) -> pulumi.Output[str] | None:
        """For the nodes, once they can reach the accounts from there."""
        network = self._network
        if network is None or not self._args["network"].get("private_endpoints"):
            return network.subnet_id if network else None
        links = PrivateLinks(
            name,
            {
                "resource_group_name": self._group,
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
        group_id = pulumi.Output.concat("/subscriptions/", self._subscription_id, "/resourceGroups/", self._group)
        args = {
            **shape,
            "resource_group_name": self._group,
            "resource_group_id": group_id,
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
            "resource_group_name": self._account.resource_group_name,
            "account_name": self._account.account_name,
            "pool_name": pool["name"],
            "packages": [{"application_id": p.application_id, "version": p.version} for p in packages],
            "node_identity_id": self._account.node_identity_id,
            "package_identity_id": self._account.package_identity_id,
            "storage_account_name": self._storage.account_name,
            "blob_endpoint": self._storage.blob_endpoint,
            "tags": {**self._tags, **pool.get("tags", {})},
        }
        return SpotPool(pool["name"], cast(SpotPoolArgs, args), pulumi.ResourceOptions(parent=self))

    def _warn_of_quotas(self) -> None:
        demands = [demand(pool["name"], pool) for pool in self._args["pools"]]

        def warn(quotas: list[int | None]) -> None:
            for text in shortfalls(Quotas(*quotas), demands):
                pulumi.log.warn(f"{text}; ask for more in the portal: Batch account, Quotas", self)

        account = self._account
        pulumi.Output.all(account.dedicated_core_quota, account.low_priority_core_quota, account.pool_quota).apply(warn)
