from tests.azure_errors.samples.sample import ACCOUNT, GROUP, SUBSCRIPTION, sample

SUBSCRIPTIONS = (
    sample(
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Batch'. See https://aka.ms/rps-not-found for "
        "how to register subscriptions.",
        "the subscription has not registered Microsoft.Batch; run `az provider register --namespace Microsoft.Batch",
    ),
    sample(
        "SubscriptionNotRegistered",
        "The subscription is not registered with NRP.",
        "the subscription has not registered the resource provider; run `az provider register",
    ),
    sample(
        "NoRegisteredProviderFound",
        "No registered resource provider found for location 'westus9' and API version '2024-07-01' for type "
        "'batchAccounts'. The supported api-versions are '2015-12-01'.",
        "westus9 does not offer batchAccounts in this API version; choose another shoal:location",
    ),
    sample(
        "SubscriptionNotFound",
        f"The subscription '{SUBSCRIPTION}' could not be found.",
        f"this login has no access to a subscription {SUBSCRIPTION}; check azure-native:subscriptionId",
    ),
    sample(
        "ReadOnlyDisabledSubscription",
        f"The subscription '{SUBSCRIPTION}' is disabled and therefore marked as read only. You cannot perform any "
        "write actions on this subscription until it is re-enabled.",
        f"subscription {SUBSCRIPTION} is disabled and can only be read",
    ),
    sample(
        "RequestDisallowedByPolicy",
        "Resource 'shoaldev' was disallowed by policy. Policy identifiers: "
        '\'[{"policyAssignment":{"name":"Allowed locations","id":"/providers/x"}}]\'.',
        "the organization's policy Allowed locations forbids it",
    ),
    sample(
        "ScopeLocked",
        f"The scope '{ACCOUNT}' cannot perform delete operation because following scope(s) are locked: '{GROUP}'. "
        "Please remove the lock and try again.",
        f"a lock on {GROUP} prevents changes or deletion; remove the lock",
    ),
    sample(
        "ResourceGroupNotFound",
        "Resource group 'shoal-dev' could not be found.",
        "resource group shoal-dev no longer exists: somebody deleted it; run `pulumi refresh`",
    ),
    sample(
        "ResourceGroupBeingDeleted",
        "The resource group 'shoal-dev' is in deprovisioning state and cannot perform this operation.",
        "resource group shoal-dev is being deleted; wait until it is gone (`az group wait --deleted --name shoal-dev`)",
    ),
)
