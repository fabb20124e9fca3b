import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from azure.batch import models

from shoal.connect import Services, connected, explained, find_environment
from shoal.environment import to_json
from shoal.errors import BadInput, WorkFailed
from shoal.local.status import Status
from tests.environments import environment_of, services_by_keys_of
from tests.keys_service import keys_of


@pytest.fixture
def state_of_the_service(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)


@pytest.fixture
def services(service: Status) -> Iterator[Services]:
    with services_by_keys_of(service, "pool", 1) as services:
        yield services


@pytest.mark.usefixtures("state_of_the_service")
def test_clients_are_made_with_the_keys_that_arm_hands_out(service: Status, services: Services, name: str) -> None:
    services.blobs.create_container(name)
    services.batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="none")))
    with keys_of(service) as endpoint:
        environment = replace(environment_of(service, "pool", 1), arm_endpoint=endpoint)
        with connected(environment) as found:
            found.batch.get_job_task_counts(name)
            assert found.blobs.get_container_client(name).exists()


@pytest.mark.usefixtures("state_of_the_service")
def test_account_that_arm_does_not_know_is_bad_input(service: Status) -> None:
    with keys_of(service) as endpoint:
        environment = replace(environment_of(service, "p", 1), arm_endpoint=endpoint, batch_account="other")
        with (
            pytest.raises(BadInput, match=r"batchAccounts/other has no keys at .*; run `shoal up`"),
            connected(environment),
        ):
            raise AssertionError("not reached")


@pytest.mark.usefixtures("state_of_the_service")
def test_endpoint_that_does_not_answer_is_told_with_how_to_start_it(service: Status) -> None:
    environment = replace(environment_of(service, "p", 1), arm_endpoint="http://127.0.0.1:9")
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:9 does not answer; start it with"), connected(environment):
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


def test_environment_is_read_from_a_document_that_is_named(service: Status, tmp_path: Path) -> None:
    environment = environment_of(service, "p", 1)
    (tmp_path / "e.json").write_text(json.dumps(to_json(environment)))
    assert find_environment("any", tmp_path / "e.json", project_dir=tmp_path) == environment
    with pytest.raises(BadInput, match=r"none\.json is not an environment document"):
        find_environment("any", tmp_path / "none.json", project_dir=tmp_path)
