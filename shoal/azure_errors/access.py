"""Errors of login and of permissions."""

from shoal.azure_errors.known import KnownError

ARM = "ARM, common deployment errors"
ENTRA = "Entra, authentication error codes"
STORAGE = "Blob Storage REST, error codes"

ACTION = r"perform action(?:\(s\))? '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'"
LINKED = r"permission to perform action\(s\) '(?P<action>[^']+)' on the linked scope\(s\) '(?P<scope>[^']+)'"
CLIENT = r"[Cc]lient '(?P<client>[^']+)'"
LOGIN = "run `az login`, or in CI log in with the workflow's federated identity, and deploy again"

ERRORS = (
    KnownError(
        code="AuthorizationFailed",
        when=r"(?P<action>Microsoft\.Authorization/roleAssignments/(?:write|delete))",
        finds=(r"over scope '(?P<scope>[^']+)'", CLIENT),
        meaning="{client|whoever deploys} may not assign roles on {scope|this scope}",
        step="have an owner give them Role Based Access Control Administrator on the resource group, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="AuthorizationFailed",
        finds=(ACTION, CLIENT),
        meaning="{client|whoever deploys} lacks a role for {action|this action} on {scope|this scope}",
        step="have an owner give them Contributor there, wait some minutes for it to take effect, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="LinkedAuthorizationFailed",
        finds=(LINKED, CLIENT),
        meaning="{client|whoever deploys} may change the resource but may not use {scope|another that it names}",
        step="have its owner give them a role there with {action|the action named below}, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="InvalidAuthenticationTokenTenant",
        meaning="the login belongs to another tenant than the subscription",
        step="run `az login --tenant TENANT` with the subscription's tenant, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="ExpiredAuthenticationToken",
        meaning="the login expired during the deployment",
        step=LOGIN,
        source="ARM, seen",
    ),
    KnownError(
        code="InvalidAuthenticationToken", meaning="Azure does not accept the login", step=LOGIN, source="ARM, seen"
    ),
    KnownError(
        code="AADSTS700213",
        finds=(r"assertion subject '(?P<subject>[^']+)'",),
        meaning="Entra has no federated credential for the subject {subject|that CI presents}",
        step="add one with exactly this subject to the application that CI logs in as",
        source=ENTRA,
    ),
    KnownError(
        code="AADSTS700016",
        meaning="the tenant has no application with this client id",
        step="check AZURE_CLIENT_ID and AZURE_TENANT_ID, and deploy again",
        source=ENTRA,
    ),
    KnownError(
        code="AADSTS7000215",
        meaning="the client secret is wrong",
        step="set AZURE_CLIENT_SECRET to the secret's value rather than its id, or log in with a federated identity",
        source=ENTRA,
    ),
    KnownError(
        code="AADSTS7000222",
        meaning="the client secret has expired",
        step="create a new one, or log in with a federated identity, which needs none",
        source=ENTRA,
    ),
    KnownError(code="AADSTS700082", meaning="the login has expired", step=LOGIN, source=ENTRA),
    KnownError(code="AADSTS70043", meaning="the login has expired", step=LOGIN, source=ENTRA),
    KnownError(
        code="AADSTS50076",
        meaning="the tenant requires multi-factor authentication",
        step="run `az login --tenant TENANT` and confirm, then deploy again",
        source=ENTRA,
    ),
    KnownError(
        code="AADSTS90002",
        meaning="there is no such tenant",
        step="check AZURE_TENANT_ID or azure-native:tenantId, and deploy again",
        source=ENTRA,
    ),
    KnownError(code="Please run 'az login'", meaning="nobody is logged in to Azure", step=LOGIN, source="az, seen"),
    KnownError(
        code="DefaultAzureCredential failed to retrieve a token",
        meaning="nobody is logged in to Azure",
        step=LOGIN,
        source="azure-identity, seen",
    ),
    KnownError(
        code="AuthorizationPermissionMismatch",
        meaning="whoever deploys or submits lacks a role on the blobs of the storage account",
        step="list them under shoal:submitters, or under shoal:deployers if they upload packages, or give them Storage "
        "Blob Data Contributor, and wait some minutes",
        source=STORAGE,
    ),
    KnownError(
        code="AuthorizationFailure",
        when="not authorized to perform this operation",
        meaning="the storage account's network rules block this machine",
        step="add its address to the rules, or work from inside the network",
        source=STORAGE,
    ),
    KnownError(
        code="KeyBasedAuthenticationNotPermitted",
        meaning="the storage account refuses keys, and a key was used",
        step="set shoal:authentication to entra, and assign roles instead of keys",
        source=STORAGE,
    ),
    KnownError(
        code="InsufficientAccountPermissions",
        meaning="whoever submits lacks a role on the Batch account",
        step="list them under shoal:submitters and deploy, or give them Azure Batch Job Submitter",
        source="Batch REST, error codes",
    ),
    KnownError(
        code="PrincipalNotFound",
        finds=(r"[Pp]rincipal (?P<principal>[0-9a-f-]{32,36})",),
        meaning="Entra does not know {principal|the principal} (yet)",
        step="check the object id and principalType under shoal:submitters; a new identity is known after some minutes",
        source="Azure RBAC, troubleshooting",
    ),
    KnownError(
        code="RoleAssignmentExists",
        meaning="the same role assignment already exists outside this stack",
        step="delete it (`az role assignment list --scope SCOPE` shows it), or adopt it with `pulumi import`",
        source="Azure RBAC, troubleshooting",
    ),
    KnownError(
        code="RoleAssignmentUpdateNotPermitted",
        meaning="a role assignment of this name exists for another principal, often a deleted one",
        step="delete it (`az role assignment list --scope SCOPE` shows it), and deploy again",
        source="Azure RBAC, troubleshooting",
    ),
    KnownError(
        code="RoleDefinitionDoesNotExist",
        meaning="the cloud has no role with this id",
        step="check whether it is a sovereign cloud (government, China), where built-in roles may be missing",
        source="Azure RBAC, troubleshooting",
    ),
    KnownError(
        code="RoleAssignmentLimitExceeded",
        meaning="the subscription has reached its limit of role assignments",
        step="delete those of deleted identities, or assign roles to groups",
        source="Azure RBAC, troubleshooting",
    ),
)
