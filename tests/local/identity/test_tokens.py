import time

import jwt
import pytest

from shoal.local.identity.tokens import (
    ARM_AUDIENCES,
    BATCH_AUDIENCES,
    AudienceWrong,
    Principal,
    TokenExpired,
    TokenRefused,
    Tokens,
    make_key,
)

KEY = make_key()
TOKENS = Tokens(KEY)
BATCH = BATCH_AUDIENCES[0]


def test_token_names_its_audience_tenant_and_principal() -> None:
    claims = TOKENS.check(TOKENS.issue(BATCH, Principal(client_id="client", object_id="object")), BATCH_AUDIENCES)
    assert (claims["aud"], claims["tid"]) == (BATCH, "00000000-0000-0000-0000-000000000000")
    assert (claims["appid"], claims["oid"]) == ("client", "object")
    assert claims["iss"] == "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"
    assert 3590 < claims["exp"] - time.time() <= 3600


def test_token_survives_a_restart_with_the_same_key() -> None:
    assert Tokens(KEY).check(TOKENS.issue(BATCH), BATCH_AUDIENCES)


@pytest.mark.parametrize("audience", ["https://batch.core.windows.net", ARM_AUDIENCES[0]])
def test_token_for_another_audience_is_refused_with_that_audience(audience: str) -> None:
    with pytest.raises(AudienceWrong) as refusal:
        TOKENS.check(TOKENS.issue(audience), BATCH_AUDIENCES)
    assert refusal.value.audience == audience


def test_expired_token_is_refused_as_such() -> None:
    with pytest.raises(TokenExpired):
        TOKENS.check(TOKENS.issue(BATCH, life=-1), BATCH_AUDIENCES)


def test_token_of_another_key_is_refused() -> None:
    with pytest.raises(TokenRefused, match="Signature"):
        TOKENS.check(Tokens(make_key()).issue(BATCH), BATCH_AUDIENCES)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_token_that_a_stranger_signed_in_another_way_is_refused(algorithm: str) -> None:
    claims = jwt.decode(TOKENS.issue(BATCH), options={"verify_signature": False})
    secret = "" if algorithm == "none" else TOKENS.public_pem.decode()[:64]
    with pytest.raises(TokenRefused):
        TOKENS.check(jwt.encode(claims, secret, algorithm=algorithm), BATCH_AUDIENCES)


@pytest.mark.parametrize("text", ["", "a.b.c", "é", "a" * 10_000])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.check(text, BATCH_AUDIENCES)
