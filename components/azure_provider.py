"""Access of the program itself to Azure Resource Manager, with the settings of the azure-native provider."""

import binascii
import json
import os
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from pulumi_azure_native import authorization

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest
    from azure.mgmt.batch import BatchManagementClient

ARM_ENDPOINTS = {
    "public": "https://management.azure.com",
    "usgovernment": "https://management.usgovcloudapi.net",
    "china": "https://management.chinacloudapi.cn",
}
"""ARM endpoint for each value of the provider's setting `environment`."""
FAR_FUTURE = 2**31  # seconds since 1970: nobody asks for a newer token


def arm_endpoint() -> str:
    """Return the endpoint that the provider calls: its `metadataHost` if it has one, else the one of its cloud."""
    config = pulumi.Config("azure-native")
    if host := config.get("metadataHost") or os.environ.get("ARM_METADATA_HOSTNAME"):
        return host if "://" in host else f"https://{host}"
    return ARM_ENDPOINTS[config.get("environment") or os.environ.get("ARM_ENVIRONMENT") or "public"]


def provider_token(endpoint: str | None = None) -> pulumi.Output[str]:
    """Return the deployer's token, for ARM unless another endpoint is named."""
    return pulumi.Output.secret(authorization.get_client_token_output(endpoint=endpoint).token)


def batch_client(token: str, subscription_id: str, endpoint: str) -> "BatchManagementClient":
    from azure.mgmt.batch import BatchManagementClient

    policy = ProviderTokenPolicy(token, endpoint)
    return BatchManagementClient(ProviderToken(token), subscription_id, endpoint, authentication_policy=policy)


class ProviderToken:
    """The provider's token as a credential."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_kwargs: Any) -> AccessToken:
        return AccessToken(self._token, FAR_FUTURE)


def object_id(token: str) -> str | None:
    """Return the object id of the principal that a token of Entra is for, or None for another token.

    Source: Entra, access token claims reference, `oid`. The signature is not checked: the id is only shown.
    """
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return None
    found = claims.get("oid") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else None


class ProviderTokenPolicy(SansIOHTTPPolicy[Any, Any]):
    """Sends the token to its endpoint and to no other, over plain HTTP to loopback too."""

    def __init__(self, token: str, endpoint: str) -> None:
        super().__init__()
        self._token = token
        self._origin = _origin(endpoint)

    def on_request(self, request: "PipelineRequest[Any]") -> None:
        if _origin(request.http_request.url) == self._origin:
            request.http_request.headers["Authorization"] = f"Bearer {self._token}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
