"""The Batch account of a stack, made or adopted, with the identities by which it and its nodes act."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import authorization, batch, managedidentity

from shoal.azure.id_patterns import BATCH_ACCOUNT, OBJECT_ID
from shoal.environment import Authentication

from ..argument_types import AccountName, adopted, without
from ..component import checked, outputs
from ..tags import Tags
from .account_names import name_faults
from .adoption import Needs, find_batch_account
from .network_rules import Address, account_rules
from .roles import Principal, Scope, Who, assign_roles

PrincipalId = Annotated[str, without(OBJECT_ID.fault)]


class PrincipalType(StrEnum):
    """Kind of an object in Entra."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


class Submitter(TypedDict):
    """A person, group or program in Entra that gets roles."""

    principal_id: PrincipalId
    """Object id in Entra."""
    principal_type: PrincipalType
    """Kind of the object in Entra."""


class BatchAccountArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Resource group of the identities, and of the account if it is made."""
    location: pulumi.Input[str]
    """Azure region of the identities, and of the account if it is made."""
    account_name: NotRequired[pulumi.Input[AccountName]]
    """Name of the account to make: 3 to 24 lower-case letters and digits."""
    existing_account_id: NotRequired[Annotated[str, adopted(BATCH_ACCOUNT)]]
    """ARM id of an account to adopt instead. Neither it nor its auto-storage is ever changed or deleted."""
    authentication: Authentication
    """How clients prove who they are. With `entra`, an account that is made accepts no keys, nor does its storage."""
    storage_account_id: pulumi.Input[str]
    """ARM id of the storage account that tasks read and write. An account that is made keeps packages there too,
    unless they have storage of their own."""
    package_storage_account_id: NotRequired[pulumi.Input[str]]
    """ARM id of a storage account for packages alone, used by identity. It is needed where the other account has
    network rules or a hierarchical namespace, because Batch cannot keep packages there."""
    inputs_container_id: pulumi.Input[str]
    """ARM id of the container to which submitters upload inputs."""
    outputs_container_id: pulumi.Input[str]
    """ARM id of the container to which nodes upload results."""
    logs_container_id: pulumi.Input[str]
    """ARM id of the container to which nodes upload the output streams of tasks."""
    deployers: NotRequired[list[Submitter]]
    """Principals that upload application packages, which takes a role if auto-storage is used by identity."""
    submitters: NotRequired[list[Submitter]]
    """Principals that get the roles for submitting jobs and reading results."""
    job_schedules: NotRequired[bool]
    """True if job schedules may run. Nodes then get the role for adding tasks, by which every task on them can add and
    end jobs of the account; false unless given."""
    allowed_addresses: NotRequired[list[Address]]
    """Public IPv4 addresses and ranges that may call an account that is made; all unless given."""
    public_network_access: NotRequired[bool]
    """False if an account that is made is reached through private endpoints only; true unless given."""
    tags: NotRequired[Tags]
    """Tags of the account and its identities."""


class BatchAccount(pulumi.ComponentResource):
    """A Batch account that reads its storage by identity, an identity for its nodes, and the roles of both."""

    account_id: pulumi.Output[str]
    """ARM id of the account."""
    account_name: pulumi.Output[str]
    """Name of the account, made or adopted."""
    resource_group_name: pulumi.Output[str]
    """Resource group of the account, to which its packages and pools belong."""
    endpoint: pulumi.Output[str]
    """Endpoint of the Batch service with scheme, no trailing slash."""
    node_identity_id: pulumi.Output[str]
    """User-assigned identity by which nodes read inputs and write outputs."""
    package_identity_id: pulumi.Output[str | None]
    """User-assigned identity by which nodes read packages, if an adopted account names another one."""
    package_storage_account_id: pulumi.Output[str | None]
    """ARM id of the storage account that keeps packages; none if an adopted account has none."""
    dedicated_core_quota: pulumi.Output[int | None]
    """Quota of cores of dedicated nodes; none if Azure counts for the whole subscription."""
    low_priority_core_quota: pulumi.Output[int | None]
    """Quota of cores of Spot nodes; none if Azure counts for the whole subscription."""
    pool_quota: pulumi.Output[int]
    """Quota of pools."""
    active_job_and_job_schedule_quota: pulumi.Output[int]
    """Quota of active jobs and job schedules."""

    def __init__(self, name: str, args: BatchAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, BatchAccountArgs, args, name_faults)
        super().__init__("shoal:index:BatchAccount", name, None, opts)
        self.storage_roles: Sequence[authorization.RoleAssignment]
        if id_ := args.get("existing_account_id"):
            self._adopt(name, id_, args)
        else:
            self._make(name, args)
        self.register_outputs(outputs(self))

    def _make(self, name: str, args: BatchAccountArgs) -> None:
        own = _identity(name, "account", args["account_name"], args, parent=self)
        nodes = _identity(name, "nodes", args["account_name"], args, parent=self)
        principals = {**_principals(nodes, args), "account": [_principal("account", own)]}
        storage_roles = _assign_storage_roles(name, principals, args, parent=self)
        # After the roles on storage, by which the account reads its auto-storage; those on the account follow it.
        account = _account(f"{name}-account", args, own.id, nodes.id, parent=self, after=storage_roles)
        assign_roles(name, principals, _batch_scopes(account.id, args), parent=self)
        self.storage_roles = storage_roles
        self.node_identity_id = nodes.id
        self.package_identity_id = pulumi.Output.from_input(None)
        self.package_storage_account_id = pulumi.Output.from_input(_package_storage(args))
        self.resource_group_name = pulumi.Output.from_input(args["resource_group_name"])
        self._describe(account)

    def _adopt(self, name: str, id_: str, args: BatchAccountArgs) -> None:
        account = find_batch_account(id_, Needs(authentication=args["authentication"]), parent=self)
        nodes = _identity(name, "nodes", account.name, args, parent=self)
        scopes: dict[Scope, pulumi.Input[str]] = {**_storage_scopes(args), **_batch_scopes(id_, args)}
        # An adopted account keeps the identity and the roles that it has.
        self.storage_roles = assign_roles(name, {**_principals(nodes, args), "account": []}, scopes, parent=self)
        self.node_identity_id = nodes.id
        self.package_identity_id = pulumi.Output.from_input(_package_identity(account))
        self.package_storage_account_id = pulumi.Output.from_input(
            account.auto_storage.storage_account_id if account.auto_storage else None
        )
        self.resource_group_name = pulumi.Output.from_input(id_.split("/")[4])  # /subscriptions/ID/resourceGroups/NAME/
        self._describe(account)

    def _describe(self, account: batch.BatchAccount | batch.GetBatchAccountResult) -> None:
        self.account_id = pulumi.Output.from_input(account.id)
        self.account_name = pulumi.Output.from_input(account.name)
        self.endpoint = pulumi.Output.from_input(account.account_endpoint).apply(_with_scheme)
        self.dedicated_core_quota = pulumi.Output.from_input(account.dedicated_core_quota)
        self.low_priority_core_quota = pulumi.Output.from_input(account.low_priority_core_quota)
        self.pool_quota = pulumi.Output.from_input(account.pool_quota)
        self.active_job_and_job_schedule_quota = pulumi.Output.from_input(account.active_job_and_job_schedule_quota)


def _identity(
    name: str, role: str, account_name: pulumi.Input[str], args: BatchAccountArgs, parent: pulumi.Resource
) -> managedidentity.UserAssignedIdentity:
    return managedidentity.UserAssignedIdentity(
        f"{name}-{role}-identity",
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        resource_name_=pulumi.Output.concat(account_name, "-", role),
        tags=args.get("tags"),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _principals(
    nodes: managedidentity.UserAssignedIdentity, args: BatchAccountArgs
) -> Mapping[Who, Sequence[Principal]]:
    return {
        "nodes": [_principal("nodes", nodes)],
        "deployers": _people(args.get("deployers", [])),
        "submitters": _people(args.get("submitters", [])),
    }


def _people(people: Sequence[Submitter]) -> list[Principal]:
    return [Principal(label=one["principal_id"], id=one["principal_id"], type=one["principal_type"]) for one in people]


def _principal(label: str, identity: managedidentity.UserAssignedIdentity) -> Principal:
    return Principal(label=label, id=identity.principal_id, type="ServicePrincipal")


def _storage_scopes(args: BatchAccountArgs) -> Mapping[Scope, pulumi.Input[str]]:
    return {
        "storage": args["storage_account_id"],
        "inputs": args["inputs_container_id"],
        "outputs": args["outputs_container_id"],
        "logs": args["logs_container_id"],
    }


def _batch_scopes(account_id: pulumi.Input[str], args: BatchAccountArgs) -> Mapping[Scope, pulumi.Input[str]]:
    return {"batch": account_id, "schedules": account_id} if args.get("job_schedules") else {"batch": account_id}


def _package_storage(args: BatchAccountArgs) -> pulumi.Input[str]:
    return args.get("package_storage_account_id", args["storage_account_id"])


def _assign_storage_roles(
    name: str, principals: Mapping[Who, Sequence[Principal]], args: BatchAccountArgs, parent: pulumi.Resource
) -> list["authorization.RoleAssignment"]:
    """Make the roles on storage. Who only deals with packages gets none where packages are not."""
    scopes = _storage_scopes(args)
    if "package_storage_account_id" not in args:
        return assign_roles(name, principals, scopes, parent=parent)
    without_packages: Mapping[Who, Sequence[Principal]] = {**principals, "account": [], "deployers": []}
    packages: Mapping[Scope, pulumi.Input[str]] = {"packages": args["package_storage_account_id"]}
    return [
        *assign_roles(name, without_packages, scopes, parent=parent),
        *assign_roles(name, principals, packages, parent=parent),
    ]


def _account(
    name: str,
    args: BatchAccountArgs,
    identity_id: pulumi.Input[str],
    node_identity_id: pulumi.Input[str],
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> batch.BatchAccount:
    is_public = args.get("public_network_access", True)
    return batch.BatchAccount(
        name,
        resource_group_name=args["resource_group_name"],
        location=args["location"],
        account_name=args["account_name"],
        identity={"type": batch.ResourceIdentityType.USER_ASSIGNED, "user_assigned_identities": [identity_id]},
        auto_storage=_auto_storage(args, node_identity_id),
        allowed_authentication_modes=_authentication_modes(args["authentication"]),
        public_network_access=batch.PublicNetworkAccessType.ENABLED
        if is_public
        else batch.PublicNetworkAccessType.DISABLED,
        network_profile=account_rules(args.get("allowed_addresses", [])),
        tags=args.get("tags"),
        # azure-native would send another location as an update, which Azure refuses.
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=after, replace_on_changes=["location"], delete_before_replace=True
        ),
    )


def _auto_storage(
    args: BatchAccountArgs, node_identity_id: pulumi.Input[str]
) -> batch.AutoStorageBasePropertiesArgsDict:
    # A storage account for packages alone takes no keys, whatever clients of the Batch account do.
    if args["authentication"] == Authentication.SHARED_KEY and "package_storage_account_id" not in args:
        return {
            "storage_account_id": args["storage_account_id"],
            "authentication_mode": batch.AutoStorageAuthenticationMode.STORAGE_KEYS,
        }
    return {
        "storage_account_id": _package_storage(args),
        "authentication_mode": batch.AutoStorageAuthenticationMode.BATCH_ACCOUNT_MANAGED_IDENTITY,
        "node_identity_reference": {"resource_id": node_identity_id},
    }


def _package_identity(account: batch.GetBatchAccountResult) -> str | None:
    """Source: Batch REST, nodeIdentityReference: pools whose nodes take packages must have it assigned."""
    reference = account.auto_storage and account.auto_storage.node_identity_reference
    return reference.resource_id if reference else None


def _authentication_modes(authentication: Authentication) -> list[pulumi.Input[batch.AuthenticationMode]]:
    if authentication == Authentication.SHARED_KEY:
        return [batch.AuthenticationMode.SHARED_KEY, batch.AuthenticationMode.AAD]
    return [batch.AuthenticationMode.AAD]


def _with_scheme(endpoint: str) -> str:
    """Return the endpoint as clients take it: Azure gives a host name, the embedded service an address with a path."""
    return (endpoint if "://" in endpoint else f"https://{endpoint}").rstrip("/")
