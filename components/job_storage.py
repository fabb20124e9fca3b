"""The storage account of a stack: what tasks read, what they write, and when that is deleted."""

from typing import TypedDict

import pulumi
from pulumi_azure_native import storage

from shoal.environment import Authentication, Containers

CONTAINERS = Containers(inputs="inputs", outputs="outputs", logs="logs")
EXPIRING = (CONTAINERS.outputs, CONTAINERS.logs)


class JobStorageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    account_name: pulumi.Input[str]
    authentication: Authentication
    """With `entra`, the account takes no key."""
    outputs_expire_after_days: pulumi.Input[int]
    """Days after its last change that a blob in outputs or logs is deleted."""


class JobStorage(pulumi.ComponentResource):
    """A storage account without public access, its containers, and a rule by which outputs expire."""

    account_id: pulumi.Output[str]
    account_name: pulumi.Output[str]
    blob_endpoint: pulumi.Output[str]
    container_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: JobStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:JobStorage", name, None, opts)
        account = _account(f"{name}-account", args, parent=self)
        containers = {
            container: storage.BlobContainer(
                f"{name}-{container}",
                resource_group_name=args["resource_group_name"],
                account_name=account.name,
                container_name=container,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for container in (CONTAINERS.inputs, CONTAINERS.outputs, CONTAINERS.logs)
        }
        storage.ManagementPolicy(
            f"{name}-lifecycle",
            resource_group_name=args["resource_group_name"],
            account_name=account.name,
            management_policy_name="default",
            policy={"rules": [_expiry(args["outputs_expire_after_days"])]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.account_id = account.id
        self.account_name = account.name
        self.blob_endpoint = account.primary_endpoints.apply(lambda endpoints: endpoints.blob.rstrip("/"))
        self.container_ids = {container: resource.id for container, resource in containers.items()}
        self.register_outputs({"accountName": self.account_name, "blobEndpoint": self.blob_endpoint})


def _account(name: str, args: JobStorageArgs, parent: pulumi.Resource) -> storage.StorageAccount:
    return storage.StorageAccount(
        name,
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        account_name=args["account_name"],
        kind=storage.Kind.STORAGE_V2,
        sku={"name": storage.SkuName.STANDARD_LRS},
        allow_blob_public_access=False,
        allow_shared_key_access=args["authentication"] == Authentication.SHARED_KEY,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _expiry(days: pulumi.Input[int]) -> storage.ManagementPolicyRuleArgsDict:
    return {
        "name": "outputs-expire",
        "type": storage.RuleType.LIFECYCLE,
        "enabled": True,
        "definition": {
            "actions": {"base_blob": {"delete": {"days_after_modification_greater_than": days}}},
            "filters": {"blob_types": ["blockBlob", "appendBlob"], "prefix_match": [f"{name}/" for name in EXPIRING]},
        },
    }
