"""Errors as ARM and its resource providers name them; Batch's own stand in `shoal.local.errors`.

Source: ARM's common error codes, and the codes of Microsoft.Storage, Authorization and Batch in their REST reference.
"""

from collections.abc import Iterable

from shoal.local.errors import BatchError, TooManyRequests

CODES_OF_ARM = frozenset(
    {
        "AuthenticationFailed",
        "ExpiredAuthenticationToken",
        "InvalidApiVersionParameter",
        "InvalidAuthenticationTokenAudience",
        "InvalidRequestContent",
        "InvalidResourceLocation",
        "InvalidResourceName",
        "LinkedInvalidPropertyId",
        "LocationRequired",
        "MissingApiVersionParameter",
        "NotImplemented",
        "ParentResourceNotFound",
        "RequestContentTooLarge",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "TooManyRequests",
    }
)
"""Codes of ARM itself, which does not pass such a request on to a resource provider."""


def authentication_failed(authority: str) -> BatchError:
    """`authority` is where tokens are to be had; so in the functions below."""
    text = "Authentication failed. The 'Authorization' header is missing or holds another token."
    return _challenge("AuthenticationFailed", text, authority)


def token_expired(authority: str) -> BatchError:
    return _challenge("ExpiredAuthenticationToken", "The access token has expired.", authority)


def audience_wrong(authority: str, audience: str, allowed: Iterable[str]) -> BatchError:
    names = ",".join(f"'{name}'" for name in allowed)
    text = (
        f"The access token has been obtained for wrong audience or resource '{audience}'. "
        f"It should exactly match with one of the allowed audiences {names}."
    )
    return _challenge("InvalidAuthenticationTokenAudience", text, authority)


def _challenge(code: str, text: str, authority: str) -> BatchError:
    failure = BatchError(401, code, text)
    description = text.replace('"', "'")
    failure.headers["WWW-Authenticate"] = (
        f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{description}"'
    )
    return failure


def version_missing() -> BatchError:
    text = "The api-version query parameter (?api-version=) is required for all requests."
    return BatchError(400, "MissingApiVersionParameter", text)


def version_invalid(version: str) -> BatchError:
    """Source: ARM's common error codes, InvalidApiVersionParameter."""
    text = f"The api-version '{version}' is invalid. A date such as 2024-07-01 is expected, with or without -preview."
    return BatchError(400, "InvalidApiVersionParameter", text)


def group_not_found(group: str) -> BatchError:
    return BatchError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def not_found(path: str) -> BatchError:
    return BatchError(404, "ResourceNotFound", f"The Resource '{path}' was not found.")


def parent_not_found(path: str, parent: str) -> BatchError:
    text = f"Can not perform requested operation on nested resource '{path}'. Parent resource '{parent}' not found."
    return BatchError(404, "ParentResourceNotFound", text)


def invalid_name(kind: str, name: str, rule: str) -> BatchError:
    return BatchError(400, "InvalidResourceName", f"'{name}' is not a name for {kind}: {rule}.")


def invalid_content(detail: str) -> BatchError:
    return BatchError(400, "InvalidRequestContent", f"The request content was invalid: {detail}.")


def content_too_large(most: int) -> BatchError:
    """Source: Learn, "Azure subscription and service limits": 4 MB a request. The code is not documented."""
    text = f"The request content size exceeds the maximum size of {most >> 20} MB."
    return BatchError(413, "RequestContentTooLarge", text)


def location_required(path: str) -> BatchError:
    return BatchError(400, "LocationRequired", f"The location property is required for '{path}'.")


def location_cannot_change(path: str, location: str) -> BatchError:
    text = f"The resource '{path}' already exists in location '{location}'."
    return BatchError(409, "InvalidResourceLocation", text)


def name_taken(kind: str, name: str) -> BatchError:
    return BatchError(409, f"{kind}AlreadyTaken", f"The account name {name} is already taken.")


def storage_account_not_found(path: str) -> BatchError:
    text = f"The storage account '{path}' that auto-storage names could not be found."
    return BatchError(400, "InvalidAutoStorageAccount", text)


def auto_storage_missing(account: str) -> BatchError:
    text = f"The Batch account {account} has no auto-storage account, in which application packages are kept."
    return BatchError(409, "AutoStorageAccountNotSpecified", text)


def cannot_delete_default(path: str) -> BatchError:
    return BatchError(409, "CannotDeleteDefault", f"'{path}' always exists in the embedded service.")


def container_protected(path: str) -> BatchError:
    text = f"'{path}' has an immutability policy and blobs; delete the policy first."
    return BatchError(409, "ContainerProtectedFromDeletion", text)


def wrong_etag_of_policy() -> BatchError:
    """Source: ARM's answer as told in pulumi-azure-native issue 2156."""
    text = "Operation not allowed on immutability policy with incorrect etag."
    return BatchError(412, "ContainerImmutabilityPolicyFailure", text)


def not_here(what: str) -> BatchError:
    """Return the error for a feature of Azure that the embedded service lacks."""
    return BatchError(501, "NotImplemented", f"{what} is not implemented by the embedded Batch service.")


def package_conflict(code: str, message: str) -> BatchError:
    return BatchError(409, code, message)


def property_cannot_be_updated(name: str) -> BatchError:
    text = "The property cannot be updated while the pool has nodes; delete the pool and make it anew."
    return BatchError(400, "PropertyCannotBeUpdated", text, {"PropertyName": name})


def formula_resizes() -> BatchError:
    """Source: answers recorded in the tests of azure-mgmt-batch, api-versions 2020-03-01 and 2021-01-01."""
    text = "The specified operation is not valid for the current state of the resource."
    reason = "The specified pool has AutoScale enabled. AutoScale resize cannot be stopped"
    return BatchError(409, "OperationInvalidForCurrentState", text, {"Reason": reason})


def fixed_property_given(name: str) -> BatchError:
    """Source: the answers in Azure/Batch issue 85 and terraform-provider-azapi issue 263."""
    text = "A property that cannot be updated was specified as part of the request."
    return BatchError(
        400, "PropertyCannotBeUpdated", text, {"PropertyName": name, "PropertyPath": f"properties.{name}"}
    )


def key_vault_missing() -> BatchError:
    """Source: answers recorded in the tests of azure-mgmt-batch, 2019-08-01 to 2023-05-01."""
    text = "The specified Request Body is not syntactically valid."
    reason = "keyVaultReference must be set if poolAllocationMode is specified as 'UserSubscription' on a PUT request"
    return BatchError(400, "InvalidRequestBody", text, {"Reason": reason})


def keys_in_user_subscription() -> BatchError:
    text = "The value provided for one of the properties in the request body is invalid."
    reason = "SharedKey is not allowed where poolAllocationMode is UserSubscription"
    values = {"PropertyName": "properties.allowedAuthenticationModes", "Reason": reason}
    return BatchError(400, "InvalidPropertyValue", text, values)


def no_keys(account: str) -> BatchError:
    """Return the error for the keys of an account that has none; its code is not documented."""
    text = f"The account {account} does not allow the authentication mode SharedKey, so it has no keys."
    return BatchError(409, "SharedKeyNotAllowed", text)


def linked_id_invalid(path: str, given: str) -> BatchError:
    """Source: an answer recorded in the tests of azure-sdk-for-node, 2020-05-01."""
    text = (
        f"Property id '{given}' at path '{path}' is invalid. Expect fully qualified resource Id that start with "
        "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."
    )
    return BatchError(400, "LinkedInvalidPropertyId", text)


def still_deleting(path: str) -> BatchError:
    return BatchError(409, "ResourceBeingDeleted", f"'{path}' is still being deleted; ask again.")


def reference_not_found(path: str, referenced: str) -> BatchError:
    text = f"Resource '{referenced}' referenced by resource '{path}' was not found."
    return BatchError(400, "InvalidResourceReference", text)


def in_use(code: str, path: str, holder: str) -> BatchError:
    return BatchError(400, code, f"'{path}' is in use by '{holder}' and cannot be deleted.")


def invalid(code: str, message: str) -> BatchError:
    return BatchError(400, code, message)


def too_many_requests() -> BatchError:
    """Source: ARM, "Understand how Azure Resource Manager throttles requests": 429 with Retry-After."""
    return TooManyRequests(429, "TooManyRequests", "The request is being throttled. Please retry after some time.")


def storage_not_permitted() -> BatchError:
    """Source: Azure Storage, common error codes."""
    text = "This request is not authorized to perform this operation using this permission."
    return BatchError(403, "AuthorizationPermissionMismatch", text)


def storage_closed() -> BatchError:
    """Source: Azure Storage, common error codes."""
    return BatchError(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")


def storage_without_packages(path: str) -> BatchError:
    """Return the error for an account that Batch's documentation excludes; its code is not documented."""
    text = f"'{path}' has a hierarchical namespace, and application packages cannot be kept in such an account."
    return BatchError(400, "InvalidAutoStorageAccount", text)
