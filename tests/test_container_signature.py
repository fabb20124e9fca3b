"""A container's signature is the one that the official client makes, but for the newer version that this one names."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from azure.storage.blob import generate_container_sas

from shoal.container_signature import VERSION, container_signature

KEY = base64.b64encode(b"a key of sixty-four bytes").decode()
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("permissions", ["rl", "cw", "rcwl"])
def test_container_signature_signs_what_the_official_client_signs(permissions: str) -> None:
    signed: list[str] = []
    expiry = START + timedelta(days=1)
    made = generate_container_sas(
        "account",
        "in puts",
        account_key=KEY,
        permission=permissions,
        start=START,
        expiry=expiry,
        sts_hook=signed.append,
    )
    theirs = parse_qs(made)
    ours = parse_qs(container_signature("account", KEY, "in puts", permissions=permissions, start=START, expiry=expiry))

    official = theirs.pop("sv")[0]
    text = signed[0].replace(official, VERSION).encode()
    expected = base64.b64encode(hmac.digest(base64.b64decode(KEY), text, "sha256")).decode()
    assert theirs.pop("sig")
    assert ours.pop("sig") == [expected]
    assert ours.pop("sv") == [VERSION]
    assert ours == theirs
