from tests.azure_errors.samples.sample import ACCOUNT, IDENTITY, PRINCIPAL, sample

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
        f"ann@example.org may change the resource but may not use {IDENTITY}; have its owner give them a role there "
        "with Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    ),
    sample(
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer 'https://sts.windows.net/a/'. It must match the tenant "
        "'https://sts.windows.net/b/' associated with this subscription.",
        "the login belongs to another tenant than the subscription; run `az login --tenant TENANT`",
    ),
    sample(
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time '11/22/2026 10:00:00 AM' is earlier than current UTC time.",
        "the login expired during the deployment; run `az login`",
    ),
    sample("InvalidAuthenticationToken", "The access token is invalid.", "Azure does not accept the login"),
    sample(
        "AADSTS700213",
        "AADSTS700213: No matching federated identity record found for presented assertion subject "
        "'repo:me/it:pull_request'. Please check your federated identity credential Subject, Audience and Issuer.",
        "Entra has no federated credential for the subject repo:me/it:pull_request; add one with exactly this subject",
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
        "the tenant requires multi-factor authentication",
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
        "the storage account's network rules block this machine",
    ),
    sample(
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
        "the storage account refuses keys, and a key was used; set shoal:authentication to entra",
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
        "the same role assignment already exists outside this stack; delete it",
    ),
    sample(
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        "a role assignment of this name exists for another principal",
    ),
    sample(
        "RoleDefinitionDoesNotExist",
        "The specified role definition with ID '48e5e92ea4804e71aa9c2778f4c13781' does not exist.",
        "the cloud has no role with this id",
    ),
    sample(
        "RoleAssignmentLimitExceeded",
        "The role assignment limit for the subscription has been reached. No more role assignments can be created.",
        "the subscription has reached its limit of role assignments",
    ),
)
