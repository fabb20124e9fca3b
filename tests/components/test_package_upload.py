"""Where auto-storage is used by identity, the address has no signature, and the deployer's own token counts."""

from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from components.component_errors import PublicationError
from components.packages.package_upload import RoleWait, upload
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


def send(endpoint: BlobEndpoint, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    app = directory / "app"
    app.mkdir()
    (app / "run.py").write_text("print('hello')\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(endpoint.certificate))
    upload(app, endpoint.url, storage_token="own", wait=clock.waiting())


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


def test_other_refusals_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with blob_endpoint(tmp_path, ["AccountIsDisabled"]) as endpoint, pytest.raises(HttpResponseError):
        send(endpoint, tmp_path, clock, monkeypatch)
    assert clock.slept == 0.0
