"""The storage of a stack: its account, its containers, how long blobs are kept, and who can reach them."""

from typing import Annotated, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import storage
from pydantic import Field

from shoal.azure.id_patterns import STORAGE_ACCOUNT
from shoal.azure.limits import IMMUTABILITY_DAYS, SOFT_DELETE_DAYS
from shoal.environment import Authentication, Containers

from ..argument_types import AccountName, Positive, adopted
from ..component import checked, outputs
from ..tags import Tags
from .account_names import name_faults
from .adoption import Needs, find_storage_account
from .network_rules import Address, storage_rules
from .storage_account import StorageSku, storage_account

SoftDeleteDays = Annotated[int, Field(ge=0, le=SOFT_DELETE_DAYS)]
ImmutableDays = Annotated[int, Field(ge=0, le=IMMUTABILITY_DAYS)]


class JobStorageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Resource group of the account to make."""
    location: pulumi.Input[str]
    """Azure region of the account to make."""
    account_name: NotRequired[pulumi.Input[AccountName]]
    """Name of the account to make: 3 to 24 lower-case letters and digits."""
    existing_account_id: NotRequired[Annotated[str, adopted(STORAGE_ACCOUNT)]]
    """ARM id of an account to adopt instead. Only containers are made in it and nothing of it is changed, so all
    arguments below except `container_prefix` have no effect."""
    container_prefix: NotRequired[str]
    """Prefix of the containers' names; empty unless given."""
    authentication: Authentication
    """How clients prove who they are. With `entra`, the account accepts no key."""
    outputs_expire_after_days: pulumi.Input[Positive]
    """Days after its last change until a blob in outputs or logs is deleted."""
    soft_delete_days: NotRequired[pulumi.Input[SoftDeleteDays]]
    """Days in which deleted blobs and containers can be restored, 1 to 365; 0, the default, turns this off."""
    inputs_immutable_for_days: NotRequired[ImmutableDays]
    """Days after its upload in which an input can be neither changed nor deleted; 0, the default, for no limit."""
    sku: NotRequired[StorageSku]
    """Number and place of the copies that Azure keeps; Standard_LRS unless given."""
    allowed_addresses: NotRequired[list[Address]]
    """Public IPv4 addresses and ranges that may reach the account. With these or `subnet_ids`, nobody else may."""
    subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """ARM ids of subnets with the service endpoint Microsoft.Storage whose machines may reach the account."""
    public_network_access: NotRequired[bool]
    """False if the account is reached through private endpoints only; true unless given."""
    tags: NotRequired[Tags]
    """Tags of the account."""


class JobStorage(pulumi.ComponentResource):
    """A storage account without public access, its containers, and the rules by which their blobs expire."""

    account_id: pulumi.Output[str]
    """ARM id of the account."""
    account_name: pulumi.Output[str]
    """Name of the account, made or adopted."""
    resource_group_name: pulumi.Output[str]
    """Resource group of the account."""
    blob_endpoint: pulumi.Output[str]
    """Blob endpoint with scheme, no trailing slash."""
    inputs_container_id: pulumi.Output[str]
    """ARM id of the container that tasks read."""
    outputs_container_id: pulumi.Output[str]
    """ARM id of the container for results of tasks."""
    logs_container_id: pulumi.Output[str]
    """ARM id of the container for the output streams of tasks."""

    def __init__(self, name: str, args: JobStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, JobStorageArgs, args, name_faults)
        super().__init__("shoal:index:JobStorage", name, None, opts)
        self.containers = containers(args.get("container_prefix", ""))
        if id_ := args.get("existing_account_id"):
            self._adopt(name, id_, args)
        else:
            self._make(name, args)
        self.register_outputs(outputs(self))

    def _make(self, name: str, args: JobStorageArgs) -> None:
        account = storage_account(
            f"{name}-account",
            args["account_name"],
            args,
            accepts_keys=args["authentication"] == Authentication.SHARED_KEY,
            is_public=args.get("public_network_access", True),
            rules=storage_rules(args.get("allowed_addresses", []), args.get("subnet_ids", [])),
            parent=self,
        )
        # Deleting the account deletes everything in it, even what could not be deleted alone.
        opts = pulumi.ResourceOptions(parent=self, deleted_with=account)
        self.resource_group_name = pulumi.Output.from_input(args["resource_group_name"])
        self._describe(account, account.primary_endpoints.apply(lambda endpoints: endpoints.blob))
        self._declare_containers(name, opts)
        _lifecycle(f"{name}-lifecycle", self, args["outputs_expire_after_days"], self.containers, opts)
        _soft_delete(f"{name}-soft-delete", self, args.get("soft_delete_days", 0), opts)
        if days := args.get("inputs_immutable_for_days"):
            _immutability(f"{name}-immutability", self, days, self.containers.inputs, opts)

    def _adopt(self, name: str, id_: str, args: JobStorageArgs) -> None:
        self.resource_group_name = pulumi.Output.from_input(id_.split("/")[4])  # /subscriptions/ID/resourceGroups/NAME/
        account = find_storage_account(id_, Needs(authentication=args["authentication"]), parent=self)
        self._describe(account, account.primary_endpoints.blob)
        self._declare_containers(name, pulumi.ResourceOptions(parent=self))

    def _describe(
        self, account: storage.StorageAccount | storage.GetStorageAccountResult, endpoint: pulumi.Input[str]
    ) -> None:
        self.account_id = pulumi.Output.from_input(account.id)
        self.account_name = pulumi.Output.from_input(account.name)
        self.blob_endpoint = pulumi.Output.from_input(endpoint).apply(lambda text: text.rstrip("/"))

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
    """Make the blobs of a container immutable, which fits inputs: they are named by their content and never change.

    The policy stays unlocked, so that the account can be deleted. Pulumi forgets it instead of deleting it, because
    azure-native does not send the ETag that Azure requires. Source: pulumi-azure-native issue 2156.
    """
    storage.BlobContainerImmutabilityPolicy(
        name,
        resource_group_name=owner.resource_group_name,
        account_name=owner.account_name,
        # Known only once the container exists: this is what makes the policy wait for it.
        container_name=owner.inputs_container_id.apply(lambda _: container),
        immutability_policy_name="default",
        immutability_period_since_creation_in_days=days,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    )
