"""Requests that are refused as too many, answered late, or whose answers are cut."""

import http.client
import time
from pathlib import Path

import pytest
from azure.batch import BatchClient

from shoal.arm import ArmClient
from shoal.errors import WorkFailed
from shoal.service_status import Status
from tests.arm import SUBSCRIPTION, ArmHttp
from tests.local.making import make_pool
from tests.raw import Raw
from tests.services import running_service

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
VERSION = "2024-01-01"


def test_throttled_request_is_refused_in_batchs_words_and_not_done(service: Status, raw: Raw, name: str) -> None:
    with service.chaos(throttled_share=1):
        answer = raw("POST", "/pools", {"id": name, "vmSize": "standard_d2s_v3"})
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "ServerBusy", "1")
        status, error = ArmHttp(service, name).call("PUT", "", {"location": "westeurope"})
        assert (status, error["error"]["code"]) == (429, "TooManyRequests")
    assert raw("GET", f"/pools/{name}").status == 404
    assert ArmHttp(service, name).call("GET", "")[0] == 404


def test_share_of_throttled_requests_follows_from_the_seed(tmp_path: Path) -> None:
    # On a service of its own: each request of anybody else would take one of the draws.
    with running_service(tmp_path) as service:
        raw = Raw(service)

        def refused(seed: int) -> list[bool]:
            with service.chaos(throttled_share=0.5, seed=seed):
                return [raw("GET", "/pools").status == 503 for _ in range(40)]

        first = refused(11)
        assert 8 < sum(first) < 32
        assert refused(12) != first
        assert refused(11) == first


def test_official_client_gets_through_a_busy_service(service: Status, client: BatchClient, name: str) -> None:
    with service.chaos(throttled_share=0.3, cut_share=0.1, seed=3):
        make_pool(client, name, nodes=0)
        assert client.get_pool(name).id == name


def test_late_answer_comes(service: Status, raw: Raw) -> None:
    with service.chaos(slow_share=1, slow_seconds=0.3):
        began = time.monotonic()
        assert raw("GET", "/pools").status == 200
        assert time.monotonic() - began >= 0.3


def test_answer_is_cut_after_the_request_has_taken_effect(service: Status, raw: Raw, name: str) -> None:
    make_path = f"{GROUPS}/{name}"
    with service.chaos(cut_share=1):
        with pytest.raises(http.client.IncompleteRead):
            ArmHttp(service, name).call("PUT", "", {"location": "westeurope"})
        with pytest.raises(http.client.IncompleteRead):
            raw("GET", "/pools")
        with pytest.raises(WorkFailed, match="in 10 attempts"):
            ArmClient(service).get(make_path, VERSION)
    assert ArmHttp(service, name).call("GET", "")[0] == 200


def test_deployments_client_waits_where_it_is_asked_to(service: Status, name: str) -> None:
    arm = ArmClient(service)
    with service.chaos(throttled_share=0.3, cut_share=0.3, seed=5):
        for number in range(3):
            arm.put(f"{GROUPS}/{name}-{number}", VERSION, {"location": "westeurope"})
            assert arm.get(f"{GROUPS}/{name}-{number}", VERSION) is not None
