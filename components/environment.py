"""The component of a whole stack, wired in the order of deployment."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pulumi
from pulumi_azure_native import authorization, resources

from .accounts.account_quotas import Quotas, demand, shortfalls
from .accounts.adoption import Needs, find_resource_group, require_accounts
from .accounts.batch_account import BatchAccount
from .accounts.job_storage import JobStorage
from .accounts.package_storage import PackageStorage
from .azure_provider import arm_endpoint
from .component import checked, outputs
from .component_args import (
    Site,
    account_args,
    links_args,
    monitoring_args,
    network_args,
    package_args,
    package_storage_args,
    pool_args,
    storage_args,
)
from .environment_args import EnvironmentArgs, closes_storage, faults
from .monitoring.monitoring import Monitoring
from .network.account_links import PrivateLinks
from .network.private_network import PrivateNetwork
from .packages.application_package import ApplicationPackage, package_directory
from .packages.package_content import require_version
from .pool.image_rules import operating_system
from .pool.pool_scaling import slots_per_task
from .pool.spot_pool import SpotPool
from .tags import stack_tags


class Environment(pulumi.ComponentResource):
    """A resource group with storage, a Batch account, its packages and its pools."""

    resource_group_name: pulumi.Output[str]
    """Resource group of the Batch account."""
    batch_account_name: pulumi.Output[str]
    """Name of the Batch account, made or adopted."""
    batch_endpoint: pulumi.Output[str]
    """Endpoint of the Batch service with scheme, no trailing slash."""
    storage_account_name: pulumi.Output[str]
    """Name of the storage account, made or adopted."""
    blob_endpoint: pulumi.Output[str]
    """Blob endpoint with scheme, no trailing slash."""
    node_identity_id: pulumi.Output[str]
    """User-assigned identity by which nodes read inputs and write outputs."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, EnvironmentArgs, args, faults)
        super().__init__("shoal:index:Environment", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        # Before anything is made in Azure, so that a refusal leaves nothing behind there.
        storage_is_closed = self._require_existing() or closes_storage(args)
        self._site = self._stack_site(f"{name}-group")
        self._network = self._private_network(f"{name}-network")
        self._storage = JobStorage(f"{name}-storage", storage_args(self._site, self._network), self._child)
        package_storage = self._package_storage(f"{name}-packages") if storage_is_closed else None
        self._account = BatchAccount(
            f"{name}-batch", account_args(self._site, self._storage, package_storage), self._child
        )
        self._packages = self._application_packages()
        self._pools = self._spot_pools(self._nodes_subnet(f"{name}-network-links"))
        self._monitor(f"{name}-monitoring")
        self._warn_of_quotas()
        self._describe()

    def _require_existing(self) -> bool:
        """Check the packages' content and the accounts to adopt. Return True if adopted storage is closed.

        Raises SettingsError or PackageError.
        """
        args = self._args
        for package in args["packages"]:
            require_version(package["name"], package_directory(package["directory"]), package.get("version"))
        needs = Needs(
            authentication=args["authentication"], location=args["location"], has_packages=bool(args["packages"])
        )
        return require_accounts(args.get("batch_account_id"), args.get("storage_account_id"), needs, parent=self)

    def _stack_site(self, group_name: str) -> Site:
        return Site(
            args=self._args,
            subscription_id=authorization.get_client_config_output().subscription_id,
            group=self._resource_group(group_name),
            tags=self._tags,
        )

    def _resource_group(self, name: str) -> pulumi.Input[str]:
        if id_ := self._args.get("resource_group_id"):
            return find_resource_group(id_, parent=self).name
        return resources.ResourceGroup(
            name,
            resource_group_name=self._args["resource_group"] or f"{pulumi.get_project()}-{pulumi.get_stack()}",
            location=self._args["location"],
            tags=self._tags,
            opts=self._child,
        ).name

    @property
    def _tags(self) -> dict[str, str]:
        return stack_tags(self._args.get("tags", {}))

    def _private_network(self, name: str) -> PrivateNetwork | None:
        shape = self._args.get("network")
        return PrivateNetwork(name, network_args(self._site, shape), self._child) if shape is not None else None

    def _package_storage(self, name: str) -> PackageStorage | None:
        """Return storage for packages, if there are any; an adopted Batch account has its own."""
        if not self._args["packages"] or self._args.get("batch_account_id"):
            return None
        return PackageStorage(name, package_storage_args(self._site), self._child)

    def _application_packages(self) -> dict[str, ApplicationPackage]:
        return {
            package["name"]: ApplicationPackage(package["name"], package_args(package, self._account), self._child)
            for package in self._args["packages"]
        }

    def _nodes_subnet(self, links_name: str) -> pulumi.Output[str] | None:
        """Return the subnet of the nodes, known once they can reach the accounts from it."""
        network = self._network
        if network is None or not self._args["network"].get("private_endpoints"):
            return network.subnet_id if network else None
        args = links_args(self._site, network, self._account, self._storage)
        return PrivateLinks(links_name, args, self._child).subnet_id

    def _spot_pools(self, subnet_id: pulumi.Output[str] | None) -> dict[str, SpotPool]:
        # Nodes mount containers, and read packages and resource files, from their first minute: the roles come first.
        after_roles = pulumi.ResourceOptions(parent=self, depends_on=[self._account])
        return {
            pool["name"]: SpotPool(
                pool["name"],
                pool_args(self._site, pool, self._account, self._storage, self._packages, subnet_id),
                after_roles,
            )
            for pool in self._args["pools"]
        }

    def _monitor(self, name: str) -> None:
        if (shape := self._args.get("monitoring")) is not None:
            Monitoring(name, monitoring_args(self._site, shape, self._account, self._storage), self._child)

    def _warn_of_quotas(self) -> None:
        demands = [demand(pool["name"], pool) for pool in self._args["pools"]]

        def warn(quotas: list[int | None]) -> None:
            for text in shortfalls(Quotas(*quotas), demands):
                pulumi.log.warn(
                    f"{text}; lower what it may have, or ask for more in the portal: Batch account, Quotas", self
                )

        account = self._account
        pulumi.Output.all(account.dedicated_core_quota, account.low_priority_core_quota, account.pool_quota).apply(warn)

    def _describe(self) -> None:
        self.resource_group_name = self._account.resource_group_name
        self.batch_account_name, self.batch_endpoint = self._account.account_name, self._account.endpoint
        self.storage_account_name, self.blob_endpoint = self._storage.account_name, self._storage.blob_endpoint
        self.node_identity_id = self._account.node_identity_id
        self.register_outputs(outputs(self))

    def document(self) -> Mapping[str, pulumi.Input[Any]]:
        """Return the fields of the hand-over document, `shoal.environment.Environment`, by name."""
        return {
            "project": pulumi.get_project(),
            "stack": pulumi.get_stack(),
            "subscription_id": self._site.subscription_id,
            "resource_group": self.resource_group_name,
            "location": self._args["location"],
            "arm_endpoint": arm_endpoint(),
            "batch_account": self.batch_account_name,
            "batch_endpoint": self.batch_endpoint,
            "storage_account": self.storage_account_name,
            "storage_resource_group": self._storage.resource_group_name,
            "package_storage_account": self._account.package_storage_account_id.apply(
                lambda id_: id_ and id_.rsplit("/", 1)[-1]
            ),
            "blob_endpoint": self.blob_endpoint,
            "authentication": self._args["authentication"],
            "containers": asdict(self._storage.containers),
            "node_identity": self.node_identity_id,
            "nodes_add_tasks": self._args.get("job_schedules", False),
            "pools": {pool["name"]: self._pool_in_document(pool) for pool in self._args["pools"]},
            "packages": {
                name: {"application": package.application_name, "version": package.version}
                for name, package in self._packages.items()
            },
        }

    def _pool_in_document(self, shape: Mapping[str, Any]) -> dict[str, pulumi.Input[Any]]:
        pool = self._pools[shape["name"]]
        return {
            "id": pool.pool_name,
            "vm_size": pool.vm_size,
            "task_slots_per_node": pool.task_slots_per_node,
            "operating_system": operating_system(shape),
            "slots_per_task": slots_per_task(shape),
            **{name: pool.scaling[name] for name in ("formula_digest", "spot_nodes", "dedicated_nodes")},
        }
