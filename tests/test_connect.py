import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from azure.batch import models
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import BlobServiceClient

from shoal.connect import Services, connected, explained
from shoal.deploy.stack_outputs import find_environment
from shoal.environment import Authentication, Environment, to_json
from shoal.errors import BadInput, WorkFailed
from shoal.jobs.submit.collection import add, encoded
from shoal.service_status import Status
from tests.azure_errors.refusing import refusing
from tests.azure_errors.samples import Sample
from tests.jobs.scripted_service import refused, scripted


@pytest.fixture(autouse=True)
def _state_of_the_service(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)


@pytest.fixture
def services(environment: Environment) -> Iterator[Services]:
    with connected(environment) as services:
        yield services


def test_clients_are_made_with_the_keys_that_arm_hands_out(services: Services, name: str) -> None:
    services.batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="none")))
    assert services.batch.get_job(name).state == models.BatchJobState.ACTIVE
    assert services.blobs.get_container_client("outputs").exists()


def test_account_that_arm_does_not_know_is_bad_input(environment: Environment) -> None:
    unknown = replace(environment, batch_account="other")
    with pytest.raises(BadInput, match=r"batchAccounts/other has no keys at .*; run `shoal up`"), connected(unknown):
        raise AssertionError("not reached")


def test_endpoint_that_does_not_answer_is_told_with_how_to_start_it(environment: Environment) -> None:
    silent = replace(environment, arm_endpoint="http://127.0.0.1:9")
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:9 does not answer; start it with"), connected(silent):
        raise AssertionError("not reached")


def test_stack_that_takes_tokens_at_a_plain_address_is_bad_input(environment: Environment) -> None:
    entra = replace(environment, authentication=Authentication.ENTRA)
    with pytest.raises(BadInput, match="over HTTPS only, and is at http://127"), connected(entra):
        raise AssertionError("not reached")


@pytest.mark.parametrize(("container", "permission"), [("inputs", "rl"), ("outputs", "rcwl"), ("logs", "cw")])
def test_signatures_allow_no_more_than_tasks_need(services: Services, container: str, permission: str) -> None:
    signature = parse_qs(services.sign(container))
    assert signature["sp"] == [permission]
    assert signature["sr"] == ["c"]


def test_refusal_of_the_service_is_told_in_its_words(services: Services) -> None:
    with (
        pytest.raises(WorkFailed, match="JobNotFound: The specified job"),
        explained(services.environment),
    ):
        services.batch.get_job("nothing")


def test_refusal_that_is_known_is_told_with_the_next_step(environment: Environment) -> None:
    with (
        scripted(lambda _: refused(409, "ActiveJobAndScheduleQuotaReached")) as (client, _),
        pytest.raises(WorkFailed) as failure,
        explained(environment),
    ):
        add(client, "job", list(encoded(iter([{"id": "1", "commandLine": "true"}]))))
    assert str(failure.value).splitlines() == [
        "the Batch account has reached its quota of active jobs; end some of them (`shoal jobs`, `shoal cancel JOB`), "
        "or ask for more in the portal (Batch account, Quotas)",
        "  ActiveJobAndScheduleQuotaReached: ActiveJobAndScheduleQuotaReached.",
    ]


def test_refusal_of_the_storage_is_told_as_well(environment: Environment) -> None:
    message = "This request is not authorized to perform this operation using this permission."
    with (
        refusing(Sample(code="AuthorizationPermissionMismatch", message=message, explanation="")) as endpoint,
        pytest.raises(WorkFailed) as failure,
        explained(environment),
        BlobServiceClient(endpoint, credential=None) as blobs,
    ):
        blobs.get_container_client("inputs").get_container_properties()
    sentence, original = str(failure.value).splitlines()
    assert sentence.startswith("whoever deploys or submits lacks a role on the blobs of the storage account; list them")
    assert original.startswith("  AuthorizationPermissionMismatch: ")


def test_nobody_logged_in_is_bad_input_with_what_to_do(environment: Environment) -> None:
    message = "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:"
    with pytest.raises(BadInput) as failure, explained(environment):
        raise ClientAuthenticationError(message)
    sentence, original = str(failure.value).splitlines()
    assert sentence.startswith("nobody is logged in to Azure; run `az login`")
    assert original.startswith(f"  stack '{environment.stack}' does not accept the credentials: DefaultAzureCredential")


def test_environment_is_that_of_a_stack_or_of_a_document(
    environment: Environment, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "e.json").write_text(json.dumps(to_json(environment)))
    assert find_environment("any", tmp_path / "e.json", project_dir=tmp_path) == environment
    assert find_environment("local", None, project_dir=project) == environment
    with pytest.raises(BadInput, match=r"none\.json is not an environment document"):
        find_environment("any", tmp_path / "none.json", project_dir=tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[]", b"3", b'{"pools": []}', b'{"authentication": "entra"}'])
def test_document_that_is_none_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"e\.json.*not an environment document"):
        find_environment("any", tmp_path / "e.json", project_dir=tmp_path)
