"""The token endpoints as plain HTTP requests; the credentials of azure-identity are driven in test_credentials.py."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from shoal.service_status import Status
from tests.arm import ArmHttp

BATCH = "https://batch.core.windows.net/"
SCOPE = {"scope": f"{BATCH}/.default"}


def fetch(url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(url, None if form is None else urlencode(form).encode(), dict(headers or {}))
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as exc:
        return exc.code, json.load(exc)


def request_token(
    service: Status, *, tenant: str | None = None, version: str = "v2.0/", **form: str
) -> tuple[int, Any]:
    proof = {"grant_type": "client_credentials", "client_id": service.client_id, "client_secret": service.client_secret}
    tenant = service.tenant_id if tenant is None else tenant
    return fetch(f"{service.arm_endpoint}/{tenant}/oauth2/{version}token", {**proof, **form})


def audience(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["aud"])


def test_client_secret_gets_a_token_for_the_scope(service: Status) -> None:
    status, answer = request_token(service, **SCOPE)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)
    assert audience(answer["access_token"]) == BATCH


def test_first_version_takes_a_resource_and_gives_lifetimes_as_text(service: Status) -> None:
    status, answer = request_token(service, version="", resource="https://management.azure.com/")
    assert (status, answer["expires_in"], answer["resource"]) == (200, "3599", "https://management.azure.com/")
    assert audience(answer["access_token"]) == "https://management.azure.com/"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_secret": "guess"}, (401, "invalid_client", 7000215)),
        ({"client_secret": ""}, (401, "invalid_client", 7000215)),
        ({"client_id": "somebody"}, (400, "unauthorized_client", 700016)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"tenant": "11111111-1111-1111-1111-111111111111"}, (400, "invalid_request", 90002)),
        ({"scope": ""}, (400, "invalid_request", 90014)),
        ({"scope": "x" * 20_000}, (400, "invalid_request", 90014)),
    ],
)
def test_request_is_refused_with_entras_code(
    service: Status, form: dict[str, str], expected: tuple[int, str, int]
) -> None:
    status, answer = request_token(service, **{**SCOPE, **form})
    assert (status, answer["error"], *answer["error_codes"]) == expected
    assert answer["error_description"].startswith(f"AADSTS{expected[2]}: ")


def test_virtual_machine_form_needs_its_header_and_the_secret_in_the_path(service: Status) -> None:
    query = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/"
    status, answer = fetch(service.machine_identity_endpoint + query, headers={"Metadata": "true"})
    assert (status, answer["expires_in"]) == (200, "3599")
    assert audience(answer["access_token"]) == "https://management.azure.com/"
    assert fetch(service.machine_identity_endpoint + query)[0] == 400
    stranger = service.machine_identity_endpoint.replace(service.client_secret, "guess")
    assert fetch(stranger + query, headers={"Metadata": "true"})[0] == 401


def test_app_service_form_needs_the_secret_in_its_header(service: Status) -> None:
    url = f"{service.identity_endpoint}?api-version=2019-08-01&resource=https://storage.azure.com"
    status, answer = fetch(url, headers={"X-IDENTITY-HEADER": service.client_secret})
    assert (status, audience(answer["access_token"])) == (200, "https://storage.azure.com")
    for headers in ({}, {"X-IDENTITY-HEADER": "guess"}):
        assert fetch(url, headers=headers)[0] == 401


def test_token_of_a_user_assigned_identity_names_its_principal(service: Status) -> None:
    arm = ArmHttp(service, f"identity-{uuid.uuid4().hex[:8]}")
    arm.make("", {"location": "westeurope"})
    identity = arm.make("providers/Microsoft.ManagedIdentity/userAssignedIdentities/i", {"location": "westeurope"})
    client_id, object_id = (identity["properties"][name] for name in ("clientId", "principalId"))
    url = f"{service.identity_endpoint}?resource={BATCH}"
    headers = {"X-IDENTITY-HEADER": service.client_secret}
    for choice in ({"client_id": client_id}, {"principal_id": object_id}, {"mi_res_id": identity["id"]}):
        status, answer = fetch(f"{url}&{urlencode(choice)}", headers=headers)
        assert (status, answer["client_id"]) == (200, client_id)
        assert jwt.decode(answer["access_token"], options={"verify_signature": False})["oid"] == object_id
    status, answer = fetch(f"{url}&client_id={uuid.uuid4()}", headers=headers)
    assert (status, answer["error_description"]) == (400, "Identity not found")
