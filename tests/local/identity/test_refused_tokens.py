"""Tokens that each plane refuses, with Azure's code and the header by which a client finds the right authority."""

import json
import ssl
import urllib.error
import urllib.request
from email.message import Message

import jwt
import pytest

from shoal.local.identity.tokens import Tokens, make_key
from shoal.service_status import Status

pytestmark = pytest.mark.xdist_group("https")

ARM = "https://management.azure.com/"
BATCH = "https://batch.core.windows.net/"
STORAGE = "https://storage.azure.com"


def ask(status: Status, url: str, token: str) -> tuple[int, Message, bytes]:
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-08-06"}
    context = ssl.create_default_context(cafile=status.ca_file)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.headers, exc.read()


@pytest.mark.parametrize(
    ("audience", "life", "code"),
    [(BATCH, 60, "InvalidAuthenticationTokenAudience"), (ARM, -60, "ExpiredAuthenticationToken")],
)
def test_arm_names_what_is_wrong_with_a_token(
    https_service: Status, tokens: Tokens, audience: str, life: int, code: str
) -> None:
    url = f"{https_service.arm_endpoint}/subscriptions?api-version=2022-12-01"
    assert ask(https_service, url, tokens.issue(ARM))[0] == 200
    status, headers, content = ask(https_service, url, tokens.issue(audience, life=life))
    assert (status, json.loads(content)["error"]["code"]) == (401, code)
    challenge = (
        f'Bearer authorization_uri="{https_service.arm_endpoint}/{https_service.tenant_id}", error="invalid_token"'
    )
    assert str(headers["WWW-Authenticate"]).startswith(challenge)


@pytest.mark.parametrize(
    ("audience", "life", "detail"),
    [
        ("https://batch.core.windows.net", 60, "wrong audience or resource 'https://batch.core.windows.net'"),
        (BATCH, -60, "expired"),
    ],
)
def test_batch_names_what_is_wrong_with_a_token(
    https_service: Status, tokens: Tokens, audience: str, life: int, detail: str
) -> None:
    url = f"{https_service.batch_endpoint}/pools?api-version=2025-06-01"
    assert ask(https_service, url, tokens.issue(BATCH))[0] == 200
    status, headers, content = ask(https_service, url, tokens.issue(audience, life=life))
    answer = json.loads(content)
    assert (status, answer["code"]) == (401, "AuthenticationFailed")
    assert detail in answer["values"][0]["value"]
    assert f'resource_id="{BATCH}"' in str(headers["WWW-Authenticate"])


def test_storage_refuses_a_token_that_anybody_could_have_written(https_service: Status, tokens: Tokens) -> None:
    url = f"{https_service.blob_endpoint}?comp=list"
    right = tokens.issue(STORAGE)
    assert ask(https_service, url, right)[0] == 200
    claims = jwt.decode(right, options={"verify_signature": False})
    for forged in (
        Tokens(make_key()).issue(STORAGE),
        jwt.encode(claims, "a secret of thirty-two characters", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        tokens.issue(ARM),
        tokens.issue(STORAGE, life=-60),
    ):
        assert ask(https_service, url, forged)[0] in (401, 403)


def test_storage_that_checks_roles_does_so_over_https(https_service: Status, tokens: Tokens) -> None:
    url = f"{https_service.blob_endpoint}?comp=list"
    content = bytes(3_000_000)
    with https_service.chaos(storage_roles=True), https_service.blob_service_client() as blobs:
        container = blobs.create_container("roles")
        container.upload_blob("large", content)
        assert container.download_blob("large").readall() == content
        status, headers, _ = ask(https_service, url, tokens.issue(STORAGE))
        assert (status, headers["x-ms-error-code"]) == (403, "AuthorizationPermissionMismatch")
        status, headers, _ = ask(https_service, url, Tokens(make_key()).issue(STORAGE))
        assert (status, headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
    assert ask(https_service, url, tokens.issue(STORAGE))[0] == 200
