"""A token goes to the host that it is for, whoever calls Azure Resource Manager and whatever is answered."""

import fcntl
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError

from components.component_errors import PublicationError
from components.packages.publication import Publication, publish
from components.packages.role_wait import RoleWait
from shoal.account_keys import AccountKeys, account_keys
from shoal.arm import ArmClient, ArmError
from shoal.connect import connected, explained
from shoal.environment import Environment
from shoal.errors import BadInput
from shoal.service_status import LOCK_NAME, Status, write_status
from tests.recorder import Recorder, azure_through_proxy, recorder
from tests.services import REPOSITORY
from tests.test_environment import ENVIRONMENT

AZURE = "management.azure.com"
TOKEN = "local"
KEYS = AccountKeys(batch="a2V5", storage="a2V5")
AZ = """#!/bin/sh
resource=$(echo "$*" | grep -o 'https://[^ ]*')
echo "{\\"accessToken\\": \\"for $resource\\", \\"expires_on\\": 4102444800}"
"""
"""An `az` that is logged in, and whose tokens show what they are for."""


@pytest.fixture
def running(service: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Status]:
    """The state of an embedded service whose ARM side is a recorder; the test ends it with the lock."""
    monkeypatch.setenv("SHOAL_STATE", str(tmp_path))
    with (tmp_path / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield replace(service, state_dir=str(tmp_path), arm_token=TOKEN)


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    with azure_through_proxy(tmp_path, AZURE) as recorded:
        log_in(recorded, tmp_path, monkeypatch)
        yield recorded


def log_in(recorded: Recorder, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Azure stand behind the proxy, with somebody logged in by `az`."""
    (directory / "bin").mkdir()
    (directory / "bin" / "az").write_text(AZ)
    (directory / "bin" / "az").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory / "certificate.pem"))
    for variable in ("NO_PROXY", "no_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("https_proxy", recorded.url)


def in_azure(environment: Environment = ENVIRONMENT) -> Environment:
    """Return the environment of a stack in Azure whose accounts accept keys."""
    return replace(
        environment,
        arm_endpoint=f"https://{AZURE}",
        batch_endpoint="https://shoal.westeurope.batch.azure.com",
        blob_endpoint="https://shoal.blob.core.windows.net",
    )


def test_keys_of_a_stack_in_azure_are_listed_with_a_token_for_azure_though_a_service_runs(
    azure: Recorder, running: Status
) -> None:
    with recorder() as local:
        write_status(replace(running, arm_endpoint=local.url))
        assert account_keys(in_azure()) == KEYS
    assert azure.tokens == [f"Bearer for https://{AZURE}"] * 2
    assert azure.hosts == [AZURE] * 2
    assert local.tokens == []


def test_stack_in_azure_with_shared_keys_is_connected_to_without_a_service(
    azure: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", str(tmp_path / "none"))
    with connected(in_azure()) as services:
        assert services.sign("inputs").startswith("st=")
    assert len(azure.tokens) == 2


def test_redirect_of_azure_is_not_followed_with_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorder() as other, azure_through_proxy(tmp_path, AZURE, location=other.url) as recorded:
        log_in(recorded, tmp_path, monkeypatch)
        with pytest.raises(AzureError):
            account_keys(in_azure())
    assert len(recorded.tokens) == 1
    assert other.tokens == []


def test_no_token_goes_to_an_arm_endpoint_in_plain_http(azure: Recorder) -> None:
    environment = replace(in_azure(), arm_endpoint=f"http://{AZURE}")
    with pytest.raises(BadInput, match=f"http://{AZURE} is not reached over HTTPS; no token is sent there"):
        account_keys(environment)
    assert azure.tokens == []


def test_token_of_the_embedded_service_goes_to_no_other_service_on_this_machine(running: Status) -> None:
    with recorder() as local, recorder() as other:
        write_status(replace(running, arm_endpoint=local.url))
        assert account_keys(replace(ENVIRONMENT, arm_endpoint=local.url)) == KEYS
        with pytest.raises(BadInput, match=f"{other.url} does not answer; .* to the one that runs at {local.url}"):
            account_keys(replace(ENVIRONMENT, arm_endpoint=other.url))
    assert local.tokens == [f"Bearer {TOKEN}"] * 2
    assert other.tokens == []


def test_stack_that_does_not_answer_is_told_to_start_only_where_it_is_on_this_machine() -> None:
    for environment, told in ((ENVIRONMENT, True), (in_azure(), False)):
        with pytest.raises(BadInput) as refused, explained(environment):
            raise ServiceRequestError("silent")
        assert ("shoal local start" in str(refused.value)) is told


@pytest.mark.parametrize("verb", ["get", "delete", "post", "put"])
def test_redirect_of_the_embedded_service_is_not_followed(running: Status, verb: str) -> None:
    with recorder() as other, recorder(status=307, location=other.url) as local:
        client = ArmClient(replace(running, arm_endpoint=local.url))
        body: tuple[dict[str, str], ...] = ({},) if verb == "put" else ()
        with pytest.raises(ArmError):
            getattr(client, verb)("/subscriptions/s", "2024-01-01", *body)
    assert local.tokens == [f"Bearer {TOKEN}"]
    assert other.tokens == []


def test_token_of_the_provider_stays_with_its_endpoint(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print('hello')\n")
    with recorder() as other, recorder(status=307, location=f"{other.url}/elsewhere") as arm:
        publication = Publication(
            arm_endpoint=arm.url,
            token=TOKEN,
            storage_token="storage",
            subscription_id="s",
            resource_group="g",
            account="a",
            application="tool",
            version="1",
            directory=tmp_path,
        )
        with pytest.raises(PublicationError):
            publish(publication, RoleWait(report=lambda _message: None))
    assert set(arm.tokens) == {f"Bearer {TOKEN}"}
    assert set(other.tokens) == {None}


def test_callers_that_hold_a_token_are_those_that_are_tested_here() -> None:
    """A new one belongs into this file, with the proof that its token stays where it belongs."""
    holder = re.compile(
        r"arm_token\b|ProviderToken(Policy)?\(|DefaultAzureCredential\(|get_client_token|provider_token\("
    )
    sources = [file for room in ("shoal", "components", "policy") for file in (REPOSITORY / room).rglob("*.py")]
    callers = {str(file.relative_to(REPOSITORY)) for file in sources if holder.search(file.read_text())}
    assert {caller for caller in callers if not caller.startswith("shoal/local/")} == {
        "components/azure_provider.py",
        "components/packages/application_package.py",  # hands it to the publication
        "components/packages/package_upload.py",
        "components/pool/pool_update.py",  # to ARM, by the provider's client
        "shoal/arm_access.py",
        "shoal/arm.py",
        "shoal/connect.py",  # to the data planes, over HTTPS only
        "shoal/deploy/embedded/embedded_engine.py",
        "shoal/deploy/embedded/monitor.py",  # answers the program, as azure-native does
        "shoal/deploy/embedded_service.py",
        "shoal/deploy/pulumi/plugins/azure_native.py",
        "shoal/deploy/resources/invokes.py",
        "shoal/service_status.py",
    }
