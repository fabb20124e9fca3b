"""The storage of a stack: what tasks read, what they write, how long it is kept, and from where it is reached."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import storage

from shoal.environment import Authentication, Containers

from .adoption import Needs, find_storage_account
from .network_rules import storage_rules


class StorageSku(StrEnum):
    """How many copies Azure keeps, and where."""

    LOCAL = "Standard_LRS"
    ZONES = "Standard_ZRS"


class JobStorageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Of the account to make."""
    location: pulumi.Input[str]
    """Of the account to make."""
    account_name: NotRequired[pulumi.Input[str]]
    """Of the account to make: 3 to 24 lower-case letters and digits."""
    existing_account_id: NotRequired[str]
    """ARM id of an account to take as it is instead: only containers are made in it, and nothing of it is changed, so
    that the arguments below, but for `container_prefix`, mean nothing."""
    container_prefix: NotRequired[str]
    """What the names of the containers begin with; nothing unless given."""
    authentication: Authentication
    """With `entra`, the account takes no key."""
    outputs_expire_after_days: pulumi.Input[int]
    """Days after its last change that a blob in outputs or logs is deleted."""
    soft_delete_days: NotRequired[pulumi.Input[int]]
    """Days that deleted blobs and containers can be got back, 1 to 365; 0, or nothing, turns it off."""
    inputs_immutable_for_days: NotRequired[int]
    """Days after its upload that a blob in inputs can be neither changed nor deleted; 0 or none: no policy."""
    sku: NotRequired[StorageSku]
    """Standard_LRS unless given."""
    allowed_addresses: NotRequired[list[str]]
    """Public IPv4 addresses and ranges that may reach the account. With these or `subnet_ids`, nobody else may."""
    subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """ARM ids of subnets with the service endpoint Microsoft.Storage whose machines may reach the account."""
    public_network_access: NotRequired[bool]
    """False: the account is reached through private endpoints only."""
    tags: NotRequired[dict[str, str]]
    """Of the account."""


class JobStorage(pulumi.ComponentResource):
    """A storage account without public access, its containers, and rules by which their blobs come and go."""

    account_id: pulumi.Output[str]
    """ARM id."""
    account_name: pulumi.Output[str]
    """Also where it is adopted."""
    resource_group_name: pulumi.Output[str]
    """The account's."""
    blob_endpoint: pulumi.Output[str]
    """With scheme, no trailing slash."""
    inputs_container_id: pulumi.Output[str]
    """ARM id of what tasks read."""
    outputs_container_id: pulumi.Output[str]
    """ARM id of what tasks make."""
    logs_container_id: pulumi.Output[str]
    """ARM id of what tasks print."""

    def __init__(self, name: str, args: JobStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:JobStorage", name, None, opts)
        self.containers = containers(args.get("container_prefix", ""))
        if id_ := args.get("existing_account_id"):
            self._adopt(name, id_, args)
        else:
            self._make(name, args)
        self.register_outputs({"accountName": self.account_name, "blobEndpoint": self.blob_endpoint})

    def _make(self, name: str, args: JobStorageArgs) -> None:
        account = _account(f"{name}-account", args, parent=self)
        # What is in the account goes with it, whatever is in the way of deleting it alone.
        opts = pulumi.ResourceOptions(parent=self, deleted_with=account)
        self.resource_group_name = pulumi.Output.from_input(args["resource_group_name"])
        self._describe(account, account.primary_endpoints.apply(lambda endpoints: endpoints.blob))
        self._declare_containers(name, opts)
        _lifecycle(f"{name}-lifecycle", self, args["outputs_expire_after_days"], self.containers, opts)
        _soft_delete(f"{name}-soft-delete", self, args.get("soft_delete_days", 0), opts)
        if days := args.get("inputs_immutable_for_days"):
            _immutability(f"{name}-immutability", self, days, self.containers.inputs, opts)

    def _adopt(self, name: str, id_: str, args: JobStorageArgs) -> None:
        self.resource_group_name = pulumi.Output.from_input(id_.split("/")[4])
        account = find_storage_account(id_, Needs(authentication=args["authentication"]), parent=self)
        self._describe(account, account.primary_endpoints.blob)
        self._declare_containers(name, pulumi.ResourceOptions(parent=self))

    def _describe(
        self, account: storage.StorageAccount | storage.GetStorageAccountResult, endpoint: pulumi.Input[str]
    ) -> None:
        self.account_id = pulumi.Output.from_input(account.id)
        self.account_name = pulumi.Output.from_input(account.name)
        self.blob_endpoint = pulumi.Output.from_input(endpoint).apply(lambda found: found.rstrip("/"))

    def _declare_containers(self, name: str, opts: pulumi.ResourceOptions) -> None:
        def container(role: str, container_name: str) -> pulumi.Output[str]:
            return storage.BlobContainer(
                f"{name}-{role}",
                resource_group_name=self.resource_group_name,
                account_name=self.account_name,
                container_name=container_name,
                opts=opts,
            ).id

        self.inputs_container_id = container("inputs", self.containers.inputs)
        self.outputs_container_id = container("outputs", self.containers.outputs)
        self.logs_container_id = container("logs", self.containers.logs)


def containers(prefix: str) -> Containers:
    return Containers(inputs=f"{prefix}inputs", outputs=f"{prefix}outputs", logs=f"{prefix}logs")


def _account(name: str, args: JobStorageArgs, parent: pulumi.Resource) -> storage.StorageAccount:
    is_public = args.get("public_network_access", True)
    return storage.StorageAccount(
        name,
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        account_name=args["account_name"],
        kind=storage.Kind.STORAGE_V2,
        sku={"name": args.get("sku", StorageSku.LOCAL)},
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=args["authentication"] == Authentication.SHARED_KEY,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=storage.PublicNetworkAccess.ENABLED
        if is_public
        else storage.PublicNetworkAccess.DISABLED,
        network_rule_set=storage_rules(args.get("allowed_addresses", []), args.get("subnet_ids", [])),
        tags=args.get("tags"),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _lifecycle(
    name: str, owner: JobStorage, days: pulumi.Input[int], names: Containers, opts: pulumi.ResourceOptions
) -> None:
    prefixes = [f"{names.outputs}/", f"{names.logs}/"]
    expiry: storage.ManagementPolicyRuleArgsDict = {
        "name": "outputs-expire",
        "type": storage.RuleType.LIFECYCLE,
        "enabled": True,
        "definition": {
            "actions": {"base_blob": {"delete": {"days_after_modification_greater_than": days}}},
            "filters": {"blob_types": ["blockBlob", "appendBlob"], "prefix_match": prefixes},
        },
    }
    storage.ManagementPolicy(
        name,
        resource_group_name=owner.resource_group_name,
        account_name=owner.account_name,
        management_policy_name="default",
        policy={"rules": [expiry]},
        opts=opts,
    )


def _soft_delete(name: str, owner: JobStorage, days: pulumi.Input[int], opts: pulumi.ResourceOptions) -> None:
    retention = pulumi.Output.from_input(days).apply(_retention)
    storage.BlobServiceProperties(
        name,
        resource_group_name=owner.resource_group_name,
        account_name=owner.account_name,
        blob_services_name="default",
        delete_retention_policy=retention,
        container_delete_retention_policy=retention,
        opts=opts,
    )


def _retention(days: int) -> storage.DeleteRetentionPolicyArgsDict:
    return {"enabled": True, "days": days} if days else {"enabled": False}


def _immutability(name: str, owner: JobStorage, days: int, container: str, opts: pulumi.ResourceOptions) -> None:
    """Of the whole container, which fits blobs that are named by their content and so never change. It stays unlocked,
    so that the account can be deleted.

    Forgotten rather than deleted: azure-native does not send the ETag without which Azure deletes none.
    Source: pulumi-azure-native issue 2156.
    """
    storage.BlobContainerImmutabilityPolicy(
        name,
        resource_group_name=owner.resource_group_name,
        account_name=owner.account_name,
        container_name=owner.inputs_container_id.apply(lambda _: container),
        immutability_policy_name="default",
        immutability_period_since_creation_in_days=days,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    )
