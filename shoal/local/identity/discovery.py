"""Documents by which clients find the parts of a cloud. Nobody has to prove anything to read them.

Source: `/metadata/endpoints` of public Azure in its api-versions 2015-01-01, 2019-05-01 and 2022-09-01; OpenID Connect
Discovery 1.0; MSAL, instance discovery.
"""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shoal.local.identity.token_endpoint import TokenFailure, require_tenant
from shoal.local.identity.tokens import ARM_AUDIENCES, BATCH_AUDIENCES, TENANT

if TYPE_CHECKING:
    from shoal.local.service import Service

CLOUD = "Shoal"
STORAGE_SUFFIX = "localhost"
"""Clients that put an account's name before it reach this machine, though not the port; they use endpoints from ARM."""


class Discovery:
    def __init__(self, service: "Service") -> None:
        self.service = service

    def routes(self) -> list[Route]:
        return [
            Route("/metadata/endpoints", self.endpoints, methods=["GET"]),
            Route("/common/discovery/instance", self.instance, methods=["GET"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.openid_configuration, methods=["GET"]),
            Route("/{tenant}/.well-known/openid-configuration", self.openid_configuration, methods=["GET"]),
            Route("/{tenant}/discovery/v2.0/keys", self.keys, methods=["GET"]),
            Route("/{tenant}/discovery/keys", self.keys, methods=["GET"]),
        ]

    async def endpoints(self, request: Request) -> Response:
        match request.query_params.get("api-version", ""):
            case "":
                text = "The api-version query parameter (?api-version=) is required for all requests."
                return JSONResponse({"error": {"code": "MissingApiVersionParameter", "message": text}}, 400)
            case version if version < "2019":
                return JSONResponse(first_endpoints(self.service.url))
            case version if version < "2022":
                return JSONResponse([cloud(self.service.url)])
            case _:
                return JSONResponse(cloud(self.service.url))

    async def instance(self, _request: Request) -> Response:
        url, host = self.service.url, self.service.url.partition("://")[2]
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        document = f"{url}/{TENANT}/v2.0/.well-known/openid-configuration"
        return JSONResponse({"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [names]})

    async def openid_configuration(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        try:
            require_tenant(tenant)
        except TokenFailure as failure:
            return failure.response()
        version = "v2.0/" if "/v2.0/" in request.url.path else ""
        return JSONResponse(openid_configuration(self.service.url, tenant, version))

    async def keys(self, _request: Request) -> Response:
        return JSONResponse(self.service.tokens.key_set())


def openid_configuration(url: str, tenant: str, version: str) -> dict[str, Any]:
    return {
        "issuer": f"{url}/{TENANT}/{version}".rstrip("/"),
        "authorization_endpoint": f"{url}/{tenant}/oauth2/{version}authorize",
        "token_endpoint": f"{url}/{tenant}/oauth2/{version}token",
        "jwks_uri": f"{url}/{tenant}/discovery/{version}keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": None,
    }


def first_endpoints(url: str) -> dict[str, Any]:
    return {
        "galleryEndpoint": f"{url}/",
        "graphEndpoint": f"{url}/",
        "portalEndpoint": f"{url}/",
        "authentication": {"loginEndpoint": f"{url}/", "audiences": _audiences()},
    }


def cloud(url: str) -> dict[str, Any]:
    """Return the entry of this service in the list of clouds: the plane of each name that is served is this one."""
    return {
        "name": CLOUD,
        "portal": f"{url}/",
        "authentication": {
            "loginEndpoint": f"{url}/",
            "audiences": _audiences(),
            # As in the public cloud: azurerm takes every other word for Azure Stack, which it refuses.
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": f"{url}/",
        "batch": BATCH_AUDIENCES[0],
        "gallery": f"{url}/",
        "graph": f"{url}/",
        "graphAudience": f"{url}/",
        "microsoftGraphResourceId": f"{url}/",
        "media": f"{url}/",
        "sqlManagement": f"{url}/",
        "activeDirectoryDataLake": f"{url}/",
        "vmImageAliasDoc": f"{url}/",
        "suffixes": {"storage": STORAGE_SUFFIX, "keyVaultDns": f"vault.{STORAGE_SUFFIX}"},
    }


def _audiences() -> list[str]:
    """Return those that end with a slash: clients take the first and put `/.default` or nothing after it."""
    return [audience for audience in ARM_AUDIENCES if audience.endswith("/")]
