"""The Batch account of a stack, with the identities by which it and its nodes act."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import batch, managedidentity

from components.roles import Principal, Scope, Who, assign_roles
from shoal.environment import Authentication


class PrincipalType(StrEnum):
    """What an object id in Entra stands for."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


class Submitter(TypedDict):
    """A person, group or program that may submit jobs and read results."""

    principal_id: str
    """Object id in Entra."""
    principal_type: PrincipalType


class BatchAccountArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    account_name: pulumi.Input[str]
    authentication: Authentication
    """With `entra`, neither the account nor its auto-storage takes a key."""
    storage_account_id: pulumi.Input[str]
    """Auto-storage: where application packages are kept, and the account that tasks read and write."""
    outputs_container_id: pulumi.Input[str]
    logs_container_id: pulumi.Input[str]
    submitters: NotRequired[list[Submitter]]


class BatchAccount(pulumi.ComponentResource):
    """A Batch account that reads its storage by identity, an identity for its nodes, and the roles of both."""

    account_id: pulumi.Output[str]
    account_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """With scheme, no trailing slash."""
    node_identity_id: pulumi.Output[str]
    dedicated_core_quota: pulumi.Output[int | None]
    """Cores of all dedicated nodes together; none where Azure counts for the whole subscription."""
    low_priority_core_quota: pulumi.Output[int | None]
    """Cores of all Spot nodes together; none where Azure counts for the whole subscription."""

    def __init__(self, name: str, args: BatchAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:BatchAccount", name, None, opts)
        account_identity = _identity(name, "account", args, parent=self)
        node_identity = _identity(name, "nodes", args, parent=self)
        principals = _principals(account_identity, node_identity, args.get("submitters", []))
        storage_scopes: dict[Scope, pulumi.Input[str]] = {
            "storage": args["storage_account_id"],
            "outputs": args["outputs_container_id"],
            "logs": args["logs_container_id"],
        }
        storage_roles = assign_roles(name, principals, storage_scopes, parent=self)
        account = batch.BatchAccount(
            f"{name}-account",
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            account_name=args["account_name"],
            identity={
                "type": batch.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [account_identity.id],
            },
            auto_storage=_auto_storage(args, node_identity.id),
            allowed_authentication_modes=_authentication_modes(args["authentication"]),
            public_network_access=batch.PublicNetworkAccessType.ENABLED,
            # azure-native would send another location as an update, which Azure refuses.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=storage_roles, replace_on_changes=["location"], delete_before_replace=True
            ),
        )
        assign_roles(name, principals, {"batch": account.id}, parent=self)
        self.account_id = account.id
        self.account_name = account.name
        self.endpoint = account.account_endpoint.apply(_with_scheme)
        self.node_identity_id = node_identity.id
        self.dedicated_core_quota = pulumi.Output.from_input(account.dedicated_core_quota)
        self.low_priority_core_quota = pulumi.Output.from_input(account.low_priority_core_quota)
        self.register_outputs(
            {"accountName": self.account_name, "endpoint": self.endpoint, "nodeIdentityId": self.node_identity_id}
        )


def _identity(
    name: str, role: str, args: BatchAccountArgs, parent: pulumi.Resource
) -> managedidentity.UserAssignedIdentity:
    return managedidentity.UserAssignedIdentity(
        f"{name}-{role}-identity",
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        resource_name_=pulumi.Output.concat(args["account_name"], "-", role),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _principals(
    account: managedidentity.UserAssignedIdentity,
    nodes: managedidentity.UserAssignedIdentity,
    submitters: Sequence[Submitter],
) -> Mapping[Who, Sequence[Principal]]:
    return {
        "account": [Principal(label="account", id=account.principal_id, type="ServicePrincipal")],
        "nodes": [Principal(label="nodes", id=nodes.principal_id, type="ServicePrincipal")],
        "submitters": [
            Principal(label=submitter["principal_id"], id=submitter["principal_id"], type=submitter["principal_type"])
            for submitter in submitters
        ],
    }


def _auto_storage(
    args: BatchAccountArgs, node_identity_id: pulumi.Input[str]
) -> batch.AutoStorageBasePropertiesArgsDict:
    if args["authentication"] == Authentication.SHARED_KEY:
        return {
            "storage_account_id": args["storage_account_id"],
            "authentication_mode": batch.AutoStorageAuthenticationMode.STORAGE_KEYS,
        }
    return {
        "storage_account_id": args["storage_account_id"],
        "authentication_mode": batch.AutoStorageAuthenticationMode.BATCH_ACCOUNT_MANAGED_IDENTITY,
        "node_identity_reference": {"resource_id": node_identity_id},
    }


def _authentication_modes(authentication: Authentication) -> list[pulumi.Input[batch.AuthenticationMode]]:
    if authentication == Authentication.SHARED_KEY:
        return [batch.AuthenticationMode.SHARED_KEY, batch.AuthenticationMode.AAD]
    return [batch.AuthenticationMode.AAD]


def _with_scheme(endpoint: str) -> str:
    """Azure gives its endpoints without scheme."""
    return endpoint if "://" in endpoint else f"https://{endpoint}"
