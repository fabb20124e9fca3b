"""Requests that neither plane gets to see."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from shoal.local import edge
from shoal.service_status import Status
from tests.raw import Raw, Response

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8080", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("mybatch.localhost:99", True),
        ("mybatch.westeurope.localhost", True),
        ("[::1]:10000", True),
        ("", True),
        ("evil.example", False),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("notlocalhost", False),
        ("localhost:8080/x", False),
    ],
)
def test_host_is_one_of_this_machines_names(host: str, allowed: bool) -> None:
    assert (edge.refusal("GET", [(b"host", host.encode())]) is None) is allowed


def test_host_of_another_name_is_refused_in_the_form_of_each_plane(service: Status, raw: Raw) -> None:
    batch = raw.send("GET", f"/{service.account}/pools?api-version=2025-06-01", b"", {"Host": "evil.example"})
    assert (batch.status, batch.code, batch.values["HeaderValue"]) == (400, "InvalidHeaderValue", "evil.example")
    arm = raw.send("GET", SUBSCRIPTION, b"", {"Host": "evil.example"})
    assert (arm.status, arm.body["error"]["code"]) == (400, "InvalidHeaderValue")


def test_too_many_headers_and_too_large_ones_are_refused_at_once(service: Status, raw: Raw) -> None:
    many = {f"x-{number}": "y" for number in range(20_000)}
    started = time.monotonic()
    answers: list[Response] = []
    for headers in (many, {"x-large": "y" * 70_000}):
        try:
            answers.append(raw.send("GET", f"/{service.account}/pools", b"", headers))
        except (http.client.HTTPException, ConnectionError):
            # The parser of the server may give up before the headers are read to their end.
            continue
    assert time.monotonic() - started < 5
    assert {(answer.status, answer.code) for answer in answers} <= {(431, "RequestHeadersTooLarge")}
    assert raw("GET", "/pools").status == 200


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_method_that_neither_plane_has_is_refused_in_the_form_of_each(method: str, service: Status, raw: Raw) -> None:
    batch = raw.send(method, f"/{service.account}/pools", b"", {})
    assert (batch.status, batch.code) == (405, "UnsupportedHttpVerb")
    arm = raw.send(method, SUBSCRIPTION, b"", {})
    assert (arm.status, arm.body["error"]["code"]) == (405, "UnsupportedHttpVerb")


def test_nothing_is_answered_with_a_redirect(service: Status, raw: Raw) -> None:
    address = urlsplit(service.arm_endpoint)
    assert address.hostname == "127.0.0.1"
    for path in ("/", f"/{service.account}", "/-/chaos/", "/-/"):
        answer = raw.send("GET", path, b"", {})
        assert 400 <= answer.status < 500, path
        assert answer.body, path
