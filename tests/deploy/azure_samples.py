"""What Azure answers, by code: messages as they were seen or are documented, and what must be told of each."""

from dataclasses import dataclass

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shoal-dev"
ACCOUNT = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/shoaldev"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shoaldev-nodes"
PRINCIPAL = "0f14a80d42e54d57afe046acf9dfae05"
INVALID = "The value provided for one of the properties in the request body is invalid."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    code: str
    """Empty where the message alone tells."""
    message: str
    told: str
    """Stands in the sentence."""


def sample(code: str, message: str, told: str) -> Sample:
    return Sample(code=code, message=message, told=told)


ACCESS = (
    sample(
        "AuthorizationFailed",
        f"The client 'ann@example.org' with object id '{PRINCIPAL}' does not have authorization to perform action "
        f"'Microsoft.Batch/batchAccounts/write' over scope '{ACCOUNT}' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials.",
        f"ann@example.org lacks a role for Microsoft.Batch/batchAccounts/write on {ACCOUNT}; have an owner give them",
    ),
    sample(
        "AuthorizationFailed",
        f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' does not have authorization to perform action "
        f"'Microsoft.Authorization/roleAssignments/write' over scope '{ACCOUNT}/providers/Microsoft.Authorization/"
        "roleAssignments/512a7fb8' or the scope is invalid.",
        f"{PRINCIPAL} may not assign roles on {ACCOUNT}",
    ),
    sample(
        "LinkedAuthorizationFailed",
        f"The client 'ann@example.org' with object id '{PRINCIPAL}' has permission to perform action "
        f"'Microsoft.Batch/batchAccounts/write' on scope '{ACCOUNT}'; however, it does not have permission to perform "
        f"action(s) 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) "
        f"'{IDENTITY}' (respectively) or the linked scope(s) are invalid.",
        f"ann@example.org may change the resource but may not use {IDENTITY}; have its owner give them a role with "
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action there",
    ),
    sample(
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer 'https://sts.windows.net/a/'. It must match the tenant "
        "'https://sts.windows.net/b/' associated with this subscription.",
        "the login is of another tenant than the subscription; run `az login --tenant TENANT`",
    ),
    sample(
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time '11/22/2026 10:00:00 AM' is earlier than current UTC time.",
        "the login ran out while deploying; run `az login`",
    ),
    sample("InvalidAuthenticationToken", "The access token is invalid.", "Azure does not accept the login"),
    sample(
        "AADSTS700213",
        "AADSTS700213: No matching federated identity record found for presented assertion subject "
        "'repo:me/it:pull_request'. Please check your federated identity credential Subject, Audience and Issuer.",
        "Entra trusts no token of the subject repo:me/it:pull_request; add a federated credential",
    ),
    sample(
        "AADSTS700016",
        "AADSTS700016: Application with identifier 'c' was not found in the directory 'Contoso'.",
        "the tenant has no application with this client id; check AZURE_CLIENT_ID",
    ),
    sample("AADSTS7000215", "AADSTS7000215: Invalid client secret provided.", "the client secret is wrong"),
    sample("AADSTS7000222", "AADSTS7000222: The provided client secret keys are expired.", "secret has expired"),
    sample("AADSTS700082", "AADSTS700082: The refresh token has expired due to inactivity.", "the login has expired"),
    sample(
        "AADSTS70043",
        "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks.",
        "the login has expired; run `az login`",
    ),
    sample(
        "AADSTS50076",
        "AADSTS50076: Due to a configuration change, you must use multi-factor authentication.",
        "the tenant asks for a second factor",
    ),
    sample("AADSTS90002", "AADSTS90002: Tenant 'nowhere' not found.", "there is no such tenant"),
    sample("", "ERROR: Please run 'az login' to setup account.", "nobody is logged in to Azure; run `az login`"),
    sample(
        "",
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:",
        "nobody is logged in to Azure; run `az login`",
    ),
    sample(
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
        "lacks a role on the blobs of the storage account; list them under shoal:submitters",
    ),
    sample(
        "AuthorizationFailure",
        "This request is not authorized to perform this operation.",
        "the storage account's network rules keep this machine out",
    ),
    sample(
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
        "the storage account takes no keys, and one was used; set shoal:authentication to entra",
    ),
    sample(
        "InsufficientAccountPermissions",
        "The account being accessed does not have sufficient permissions to execute this operation.",
        "whoever submits lacks a role on the Batch account",
    ),
    sample(
        "PrincipalNotFound",
        f"Principal {PRINCIPAL} does not exist in the directory c7cb8e56-3c8d-431c-a94c-866e27a25b45. Check that you "
        "have the correct principal ID.",
        f"Entra does not know {PRINCIPAL} (yet); check the object id and principalType under shoal:submitters",
    ),
    sample(
        "RoleAssignmentExists",
        "The role assignment already exists.",
        "somebody has given the same role already; delete that assignment",
    ),
    sample(
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        "an assignment of this name is there for another principal",
    ),
    sample(
        "RoleDefinitionDoesNotExist",
        "The specified role definition with ID '48e5e92ea4804e71aa9c2778f4c13781' does not exist.",
        "the cloud has no role with this id",
    ),
    sample(
        "RoleAssignmentLimitExceeded",
        "The role assignment limit for the subscription has been reached. No more role assignments can be created.",
        "the subscription has as many role assignments as it may have",
    ),
)
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
        "westus9 has no batchAccounts in this API version; choose another shoal:location",
    ),
    sample(
        "SubscriptionNotFound",
        f"The subscription '{SUBSCRIPTION}' could not be found.",
        f"there is no subscription {SUBSCRIPTION} for this login; check azure-native:subscriptionId",
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
        f"a lock on {GROUP} keeps it from being changed or deleted; remove the lock",
    ),
    sample(
        "ResourceGroupNotFound",
        "Resource group 'shoal-dev' could not be found.",
        "resource group shoal-dev is not there: somebody deleted it; run `pulumi refresh`",
    ),
    sample(
        "ResourceGroupBeingDeleted",
        "The resource group 'shoal-dev' is in deprovisioning state and cannot perform this operation.",
        "resource group shoal-dev is being deleted; wait until it is gone (`az group wait --deleted --name shoal-dev`)",
    ),
)
QUOTAS = (
    sample(
        "SubscriptionQuotaExceeded",
        "The regional Batch account quota for the specified subscription has been reached.",
        "the subscription has as many Batch accounts in this region as it may have; delete one",
    ),
    sample(
        "PoolQuotaReached",
        "Pool quota for the account has been reached.",
        "as many pools as it may have; delete",
    ),
    sample(
        "ActiveJobAndScheduleQuotaReached",
        "Active job and schedule quota for the account has been reached.",
        "as many active jobs as it may have; end some (`shoal jobs`, `shoal cancel JOB`)",
    ),
    sample(
        "AccountCoreQuotaReached",
        "The specified account has reached core quota",
        "no more cores of dedicated nodes; lower maxDedicatedNodes",
    ),
    sample(
        "AccountLowPriorityCoreQuotaReached",
        "The specified account has reached low priority core quota",
        "no more cores of Spot nodes; lower maxSpotNodes",
    ),
    sample(
        "AccountSpotCoreQuotaReached",
        "The specified account has reached spot core quota",
        "the subscription may have no more cores of Spot nodes",
    ),
    sample(
        "AccountVMSeriesCoreQuotaReached",
        "The specified account has reached VM series core quota for standardDSv5Family.",
        "no more cores of standardDSv5Family; choose a vmSize of another series",
    ),
    sample(
        "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        "details - Deployment Model: Resource Manager, Location: eastus2, Current Limit: 100, Current Usage: 100, "
        "Additional Required: 20, (Minimum) New Limit Required: 120.",
        "the quota Total Regional Cores of eastus2 is 100; ask for 120",
    ),
    sample("QuotaExceeded", "Quota for Standard DSv5 exceeded.", "a quota of the subscription is too small"),
    sample(
        "PublicIPCountLimitReached",
        "Cannot create more than 10 public IP addresses for this subscription in this region: limit of 10 reached.",
        "no more than 10 public addresses in this region; give the pool no public address",
    ),
    sample(
        "MaxStorageAccountsCountPerSubscriptionExceeded",
        "Subscription already contains 250 storage accounts in location westeurope and the maximum allowed is 250.",
        "as many storage accounts in westeurope as it may have",
    ),
)
NAMES = (
    sample(
        "StorageAccountAlreadyTaken",
        "The storage account named results is already taken.",
        "somebody in Azure has a storage account named results already; choose another name for shoal:storageAccount",
    ),
    sample(
        "StorageAccountAlreadyExists",
        "The storage account named results already exists under the subscription.",
        "the subscription has a storage account named results already",
    ),
    sample(
        "",
        f"cannot create already existing resource '{ACCOUNT}'",
        f"{ACCOUNT} is there already and is not this stack's; give it another name",
    ),
    sample(
        "AccountNameInvalid",
        "My-Results is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
        "length and use numbers and lower-case letters only.",
        "My-Results is no name for a storage account; give shoal:storageAccount 3 to 24 lower-case letters",
    ),
    sample(
        "AccountAlreadyExists",
        "An account named shoaldev already exists.",
        "the region has a Batch account named shoaldev already; choose another name for shoal:batchAccount",
    ),
    sample(
        "AccountAlreadyTaken",
        "The account name shoaldev is already taken.",
        "the region has a Batch account named shoaldev already; choose another name for shoal:batchAccount",
    ),
    sample("InvalidAccountName", "The account name is not valid.", "this is no name for a Batch account"),
    sample(
        "InvalidResourceName",
        "Resource name shoal_dev is invalid. The name can be up to 80 characters long.",
        "a name in the stack's configuration is not one that Azure takes",
    ),
    sample(
        "ReservedResourceName",
        "The resource name 'azure' or a part of the name is a trademarked or reserved word.",
        "azure has a word in it that Azure keeps for itself",
    ),
    sample(
        "LocationNotAvailableForResourceType",
        "The provided location 'westus9' is not available for resource type 'Microsoft.Batch/batchAccounts'. List of "
        "available regions for the resource type is 'westeurope,northeurope'.",
        "westus9 has no Microsoft.Batch/batchAccounts; set shoal:location to one that has: westeurope,northeurope",
    ),
    sample(
        "LocationNotAvailableForResourceGroup",
        "The provided location 'mars' is not available for resource group. List of available regions is 'westeurope'.",
        "mars is not a region of Azure; set shoal:location",
    ),
    sample(
        "InvalidResourceLocation",
        "The resource 'shoaldev' already exists in location 'westeurope' in resource group 'shoal-dev'. A resource "
        "with the same name cannot be created in location 'northeurope'. Please select a new resource name.",
        "shoaldev is in westeurope already, and a resource cannot move",
    ),
    sample(
        "InvalidResourceGroupLocation",
        "Invalid resource group location 'eastus'. The Resource group already exists in location 'westeurope'.",
        "the resource group is in westeurope already",
    ),
    sample(
        "SkuNotAvailable",
        "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_D4s_v5' is "
        "currently not available in location 'eastus'. Please try another size or deploy to a different location.",
        "eastus has no Standard_D4s_v5 for this subscription now; choose a vmSize of "
        "`az batch location list-skus --location eastus`",
    ),
)
POOLS = (
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"vmSize"}},'
        '{"code":"PropertyValue","message":"standard_d16_v99"}]',
        "Batch has no VM size standard_d16_v99 in this region; choose a vmSize",
    ),
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"imageReference"}}]',
        "Batch does not take this image with this node agent",
    ),
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"autoScaleEvaluationInterval"}}]',
        "Batch does not take the pool's formula or its interval",
    ),
    sample("InvalidPropertyValue", INVALID, "Batch does not take one of the values that it was given"),
    sample(
        "UnsupportedVMSize",
        "The VM size is not supported.",
        "Batch does not allocate nodes of this VM size in this region",
    ),
    sample(
        "AllocationFailed",
        "Desired number of dedicated nodes could not be allocated",
        "the region has no such nodes to give at the moment; wait",
    ),
    sample(
        "AllocationTimedout",
        "Desired number of dedicated nodes could not be allocated as the resize timeout was reached",
        "the nodes did not come in time; wait",
    ),
    sample(
        "PropertyCannotBeUpdated",
        "A property that cannot be updated was specified as part of the request. Details: "
        '[{"code":"PropertyName","message":"networkConfiguration"}]',
        "Azure cannot change networkConfiguration of a pool that is there; replace the pool",
    ),
    sample(
        "InvalidApplicationPackageReferences",
        "One or more application package references could not be satisfied.",
        "a pool names an application package that is not there or not active; deploy again",
    ),
    sample("NodeAgentSKUNotFound", "The specified Node Agent SKU does not exist.", "Batch has no such node agent"),
    sample(
        "AutoScalingFormulaSyntaxError",
        "The specified auto-scaling formula has a syntax error.",
        "Batch cannot read the pool's formula; run `shoal autoscale check` on it",
    ),
    sample(
        "AutoScalingFormulaTooLong",
        "The specified auto-scaling formula exceeds lengths limit.",
        "the pool's formula is too long; shorten it",
    ),
    sample(
        "InvalidAutoScalingSettings",
        "The specified auto-scaling settings are not valid.",
        "Batch does not take the pool's formula or its interval; run `shoal autoscale check`",
    ),
    sample(
        "TooManyEnableAutoScaleRequests",
        "Too many Enable Pool AutoScale requests are issued on the pool.",
        "the pool's formula was changed twice within half a minute; wait",
    ),
    sample(
        "PoolBeingDeleted",
        "The specified pool has been marked for deletion and is being reclaimed.",
        "an older pool of this name is still being deleted; wait",
    ),
    sample("PoolBeingResized", "The specified pool is being resized", "the pool is being resized; wait"),
    sample("PoolExists", "The specified pool already exists.", "a pool of this name that is not the stack's"),
    sample("AccountIsDisabled", "The specified account is disabled.", "the Batch account is disabled"),
    sample(
        "InvalidAutoStorageAccount",
        "The storage account that auto-storage names could not be found.",
        "Batch cannot use the storage account for application packages",
    ),
    sample(
        "AutoStorageAccountNotSpecified",
        "The Batch account shoaldev has no auto-storage account, in which application packages are kept.",
        "the Batch account has no storage for application packages",
    ),
)
REQUESTS = (
    sample(
        "InUseSubnetCannotBeDeleted",
        f"Subnet nodes is in use by {GROUP}/providers/Microsoft.Network/networkInterfaces/n and cannot be deleted.",
        f"subnet nodes is still used by {GROUP}/providers/Microsoft.Network/networkInterfaces/n",
    ),
    sample(
        "SubnetIsFull",
        "Subnet nodes with address prefix 10.0.0.0/28 does not have enough capacity for 20 IP addresses.",
        "subnet nodes has no addresses left",
    ),
    sample(
        "NetcfgSubnetRangesOverlap",
        "Subnet 'nodes' is not valid because its IP address range overlaps with that of an existing subnet.",
        "the addresses of subnet nodes overlap with those of another",
    ),
    sample(
        "InvalidResourceReference",
        f"Resource {GROUP}/subnets/nodes referenced by resource {ACCOUNT}/pools/spot was not found.",
        f"{GROUP}/subnets/nodes, which {ACCOUNT}/pools/spot needs, is not there",
    ),
    sample(
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource 'shoaldev' not found.",
        "shoaldev is not there: somebody deleted it; run `pulumi refresh`",
    ),
    sample(
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress.",
        "something else is being done to the resource; wait until it is done",
    ),
    sample(
        "StorageAccountOperationInProgress",
        "An operation is currently performing on this storage account that requires exclusive access.",
        "something else is being done to the storage account",
    ),
    sample(
        "PropertyChangeNotAllowed",
        "Changing property 'location' is not allowed.",
        "Azure cannot change location of what is there",
    ),
    sample(
        "TooManyRequests",
        "The request is being throttled as the limit has been reached for operation type - Write_ObservationWindow.",
        "Azure was asked too much at a time; wait some minutes",
    ),
    sample("ServerBusy", "The server is currently unable to receive requests.", "the service is busy; wait a minute"),
)
SAMPLES = (*ACCESS, *SUBSCRIPTIONS, *QUOTAS, *NAMES, *POOLS, *REQUESTS)
