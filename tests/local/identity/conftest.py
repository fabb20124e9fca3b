"""One service that speaks HTTPS, for all tests of identity, and the token maker of its state."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shoal.local.identity.tokens import Tokens
from shoal.service_status import Status
from shoal.testing import running


@pytest.fixture(scope="session")
def https_service() -> Iterator[Status]:
    with running(https=True) as service:
        yield service


@pytest.fixture
def tokens(https_service: Status) -> Tokens:
    return tokens_of(https_service)


@pytest.fixture
def trusting(https_service: Status, monkeypatch: pytest.MonkeyPatch) -> Status:
    """The service, trusted by clients that this process makes, which have no identity from the environment."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert https_service.ca_bundle is not None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", https_service.ca_bundle)
    return https_service


def tokens_of(status: Status) -> Tokens:
    """The maker of a service's tokens, for those that it would not issue."""
    with closing(sqlite3.connect(Path(status.state_dir) / "batch.db")) as connection:
        (key,) = connection.execute("SELECT value FROM settings WHERE name = 'token_key'").fetchone()
    return Tokens(key)
