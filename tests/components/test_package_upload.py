"""Uploads to auto-storage used by identity: the address has no signature, so the deployer's own token counts."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError

from components.azure_provider import object_id
from components.component_errors import PublicationError
from components.packages.package_upload import upload
from components.packages.role_wait import RoleWait
from tests.components.blob_endpoint import BlobEndpoint, blob_endpoint

NOT_YET = "AuthorizationPermissionMismatch"


class Clock:
    """Remembers what it was told and how long it would have slept."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.slept = 0.0

    def waiting(self) -> RoleWait:
        return RoleWait(report=self.told.append, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def send(
    endpoint: BlobEndpoint, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, token: str = "own"
) -> None:
    app = directory / "app"
    app.mkdir()
    (app / "run.py").write_text("print('hello')\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(endpoint.certificate))
    upload(app, endpoint.url, storage_token=token, wait=clock.waiting())


def test_address_without_a_signature_is_written_by_the_deployers_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, []) as endpoint:
        send(endpoint, tmp_path, clock, monkeypatch)
    assert endpoint.authorizations == ["Bearer own"]
    assert (clock.slept, clock.told) == (0.0, [])


def test_role_that_was_assigned_a_moment_ago_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, [NOT_YET, NOT_YET]) as endpoint:
        send(endpoint, tmp_path, clock, monkeypatch)
    assert len(endpoint.authorizations) == 3
    assert clock.slept == 30.0
    assert clock.told == ["waiting until the role on the storage account has effect, up to ten minutes"]


def test_role_that_never_comes_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with (
        blob_endpoint(tmp_path, [NOT_YET] * 100) as endpoint,
        pytest.raises(PublicationError, match=rf"\({NOT_YET}\): add your own object id to deployers"),
    ):
        send(endpoint, tmp_path, clock, monkeypatch)
    assert clock.slept == 600.0


def test_wait_says_every_two_minutes_who_waits_for_which_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, [NOT_YET] * 20) as endpoint:
        send(endpoint, tmp_path, clock, monkeypatch)
        host = urlsplit(endpoint.url).netloc
    role = f"for the deployer's role Storage Blob Data Contributor on {host}"
    assert clock.told[1:] == [f"still waiting, after {minutes} minutes, {role}" for minutes in (2, 4)]


def test_role_that_never_comes_is_told_with_the_object_id_that_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = urlsafe_b64encode(json.dumps({"oid": "6f1c1b8e-3a55"}).encode()).decode().rstrip("=")
    with (
        blob_endpoint(tmp_path, [NOT_YET] * 100) as endpoint,
        pytest.raises(PublicationError, match=r"^whoever deploys \(object id 6f1c1b8e-3a55\) may not write blobs to "),
    ):
        send(endpoint, tmp_path, Clock(), monkeypatch, token=f"e30.{claims}.signature")


@pytest.mark.parametrize("token", ["", "own", "a.b.c", "e30.e30.x", "e30.W10.x", "e30.eyJvaWQiOjF9.x"])
def test_token_that_names_nobody_has_no_object_id(token: str) -> None:
    assert object_id(token) is None


def test_closed_network_is_told_at_once_and_not_taken_for_a_missing_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, ["AuthorizationFailure"] * 2) as endpoint, pytest.raises(PublicationError) as refused:
        send(endpoint, tmp_path, clock, monkeypatch)
    assert str(refused.value) == (
        f"the network rules of {urlsplit(endpoint.url).netloc} do not let this machine in (AuthorizationFailure), "
        "which no role changes: add its public address to allowedAddresses, or deploy from inside the network"
    )
    assert (clock.slept, clock.told, len(endpoint.authorizations)) == (0.0, [], 1)


def test_network_that_closes_while_a_role_is_waited_for_ends_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, [NOT_YET, "AuthorizationFailure"]) as endpoint, pytest.raises(PublicationError):
        send(endpoint, tmp_path, clock, monkeypatch)
    assert clock.slept == 15.0


def test_other_refusals_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, ["AccountIsDisabled"]) as endpoint, pytest.raises(HttpResponseError):
        send(endpoint, tmp_path, clock, monkeypatch)
    assert clock.slept == 0.0
