"""Errors about the subscription, its resource providers, its policies and its locks."""

from shoal.azure_errors.known import KnownError

ARM = "ARM, common deployment errors"
SUBSCRIPTION = r"[Ss]ubscription '(?P<subscription>[^']+)'"
REGISTER = "run `az provider register --namespace {namespace|Microsoft.Batch} --wait`, and deploy again"
NAMESPACE = r"(?:namespace|type|provider) '(?P<namespace>[A-Za-z.]+)"

ERRORS = (
    KnownError(
        code="MissingSubscriptionRegistration",
        finds=(NAMESPACE,),
        meaning="the subscription has not registered {namespace|the resource provider}",
        step=REGISTER,
        source=ARM,
    ),
    KnownError(
        code="SubscriptionNotRegistered",
        finds=(NAMESPACE,),
        meaning="the subscription has not registered {namespace|the resource provider}",
        step=REGISTER,
        source="resource providers, seen",
    ),
    KnownError(
        code="NoRegisteredProviderFound",
        finds=(r"for location '(?P<region>[^']+)'", r"for type '(?P<type>[^']+)'"),
        meaning="{region|the region} does not offer {type|this resource type} in this API version",
        step="choose another shoal:location, or run `az provider register --namespace Microsoft.Batch --wait`",
        source=ARM,
    ),
    KnownError(
        code="SubscriptionNotFound",
        finds=(SUBSCRIPTION,),
        meaning="this login has no access to a subscription {subscription|with this id}",
        step="check azure-native:subscriptionId and `az account list`, log in to its tenant, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="ReadOnlyDisabledSubscription",
        finds=(SUBSCRIPTION,),
        meaning="the subscription {subscription|named below} is disabled and can only be read",
        step="have its owner enable it again (a payment, a spending limit or a trial may have ended)",
        source="ARM, seen",
    ),
    KnownError(
        code="RequestDisallowedByPolicy",
        finds=(r"""policyAssignment[\\"':{ ]+name[\\"': ]+(?P<policy>[^"\\']+)""",),
        meaning="the organization's policy {policy|named below} forbids it",
        step="change the stack's configuration accordingly, or ask the policy's owner for an exemption",
        source=ARM,
    ),
    KnownError(
        code="ScopeLocked",
        finds=(r"locked: '(?P<lock>[^']+)'",),
        meaning="a lock on {lock|the resource} prevents changes or deletion",
        step="remove the lock (`az lock list`, `az lock delete`), and try again",
        source="ARM, seen",
    ),
    KnownError(
        code="ResourceGroupNotFound",
        finds=(r"[Rr]esource group '(?P<group>[^']+)'",),
        meaning="the resource group {group|named below} no longer exists: somebody deleted it",
        step="run `pulumi refresh`, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="ResourceGroupBeingDeleted",
        finds=(r"[Rr]esource group '(?P<group>[^']+)'",),
        meaning="the resource group {group|named below} is being deleted",
        step="wait until it is gone (`az group wait --deleted --name {group|GROUP}`), and deploy again",
        source="ARM, seen",
    ),
)
