import re
import socket

import pytest
from azure.batch import BatchClient

from shoal.local.api import operations
from shoal.local.api.dispatch import HANDLERS
from tests.raw import Raw

OPERATIONS = [line.split() for line in operations.TABLE.split("\n") if line]
MISSING = [(name, method, path) for name, method, path in OPERATIONS if name not in HANDLERS]
CLIENT_ONLY = {"close", "send_request", "create_tasks"}
"""Methods that send no request of their own."""


def filled(path: str) -> str:
    return re.sub(r"\{[a-z_]+\*?\}", "any", path)


@pytest.mark.parametrize(("name", "method", "path"), MISSING)
def test_operation_without_a_handler_answers_501_with_its_name(raw: Raw, name: str, method: str, path: str) -> None:
    answer = raw(method, filled(path), {} if method in ("POST", "PUT", "PATCH") else None)
    assert answer.status == 501
    if method != "HEAD":
        assert answer.code == "NotImplemented"
        assert answer.body["message"]["value"].startswith(f"The operation {name} is not implemented")


RETIRED = [line.split() for line in operations.RETIRED.split("\n") if line]


@pytest.mark.parametrize(("name", "method", "path"), RETIRED)
def test_retired_operation_answers_501_with_its_name(raw: Raw, name: str, method: str, path: str) -> None:
    keyed = filled(path).replace("()", "(thumbprintAlgorithm=sha1,thumbprint=00)")
    answer = raw(method, keyed, {} if method == "POST" else None, query={"api-version": "2022-01-01.15.0"})
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert answer.body["message"]["value"].startswith(f"The operation {name} is not implemented")


def test_answer_names_what_is_not_implemented_in_a_header_too(raw: Raw) -> None:
    answer = raw("GET", "/nodeagentskus")
    assert answer.status == 501
    assert answer.headers["shoal-not-implemented"] == "The operation list_node_agent_skus"


def test_every_request_of_the_official_client_is_an_operation_of_the_table() -> None:
    methods = {name.removeprefix("begin_") for name in dir(BatchClient) if not name.startswith("_")}
    assert methods - CLIENT_ONLY == {name for name, _, _ in OPERATIONS}


def test_every_handler_is_an_operation_of_the_table() -> None:
    assert set(HANDLERS) <= {name for name, _, _ in OPERATIONS}


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_path_leads_to_its_operation(name: str, method: str, path: str) -> None:
    found, parameters = operations.find(method, filled(path))
    assert found.name == name
    assert list(parameters) == re.findall(r"\{([a-z_]+)", path)


def test_parameters_are_decoded_and_a_files_path_may_be_one_segment_or_several() -> None:
    for path in ("wd%2Fa%20b.txt", "wd/a%20b.txt"):
        _, parameters = operations.find("GET", f"/jobs/J/tasks/t-1/files/{path}")
        assert parameters == {"job_id": "J", "task_id": "t-1", "file_path": "wd/a b.txt"}


@pytest.mark.parametrize("path", ["/nowhere", "/pools/any/cats", "/jobs/any/tasks/any/files2", "/certificate", "/"])
def test_path_that_means_nothing_is_an_invalid_uri(raw: Raw, path: str) -> None:
    answer = raw("GET", path)
    assert (answer.status, answer.code) == (400, "InvalidUri")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/pools"), ("PUT", "/pools/any"), ("GET", "/jobs/any/disable")]
)
def test_verb_that_a_resource_does_not_have_is_unsupported(raw: Raw, method: str, path: str) -> None:
    answer = raw(method, path)
    assert (answer.status, answer.code) == (405, "UnsupportedHttpVerb")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/pools/none", "PoolNotFound"),
        ("/pools/none/nodes", "PoolNotFound"),
        ("/jobs/none", "JobNotFound"),
        ("/jobs/none/taskcounts", "JobNotFound"),
        ("/jobs/none/tasks", "JobNotFound"),
        ("/jobs/none/tasks/none", "JobNotFound"),
        ("/jobs/none/tasks/none/files", "JobNotFound"),
        ("/applications/none", "ApplicationNotFound"),
    ],
)
def test_what_is_not_there_answers_404_with_its_kind(raw: Raw, path: str, code: str) -> None:
    answer = raw("GET", path)
    assert (answer.status, answer.code) == (404, code)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2019-08-01.10.0", 200),
        ("2024-02-01.19.0", 200),
        ("2024-07-01.20.0", 200),
        ("2025-06-01", 200),
        ("2018-12-01.8.0", 400),
        ("soon", 400),
        ("2019garbage", 400),
        ("2024-02-01.19", 400),
        ("2025-06-01-preview", 400),
        ("2019-99-99.1.1", 400),
        ("2019-08-01", 400),
        ("2025-06-01.21.0", 400),
        ("2026-12-31", 400),
        ("²⁰²⁵-06-01", 400),
    ],
)
def test_versions_from_2019_on_are_answered(raw: Raw, version: str, expected: int) -> None:
    answer = raw("GET", "/pools", query={"api-version": version})
    assert answer.status == expected
    assert expected == 200 or answer.code == "UnsupportedRequestVersion"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("timeOut", "abc", "InvalidQueryParameterValue"),
        ("timeout", "1.5", "InvalidQueryParameterValue"),
        ("timeout", "-1", "OutOfRangeQueryParameterValue"),
        ("recursive", "abc", "InvalidQueryParameterValue"),
        ("force", "maybe", "InvalidQueryParameterValue"),
    ],
)
def test_parameter_that_is_no_number_or_no_flag_is_named(raw: Raw, name: str, value: str, code: str) -> None:
    answer = raw("GET", "/pools", query={name: value})
    assert (answer.status, answer.code, answer.values["QueryParameterName"]) == (400, code, name)
    assert raw("GET", "/pools", query={"timeOut": "120", "recursive": "True", "force": "false"}).status == 200


def test_what_came_in_2024_is_unknown_to_earlier_versions(raw: Raw) -> None:
    old = {"api-version": "2024-02-01.19.0"}
    assert raw("DELETE", "/jobs/none", query={**old, "force": "true"}).code == "UnsupportedQueryParameter"
    assert raw("DELETE", "/jobs/none", query={"force": "true"}).code == "JobNotFound"
    for operation in ("start", "deallocate"):
        assert raw("POST", f"/pools/none/nodes/n/{operation}", {}, query=old).code == "InvalidUri"
        assert raw("POST", f"/pools/none/nodes/n/{operation}", {}).code == "PoolNotFound"


def test_request_without_a_version_is_refused(raw: Raw) -> None:
    answer = raw("GET", "/pools", query={"api-version": ""})
    assert (answer.status, answer.code) == (400, "MissingRequiredQueryParameter")


def test_statistics_are_not_pretended(raw: Raw, client: BatchClient, pool: str) -> None:
    # Of the resources that a pool's nodes consume, nothing is measured here.
    shown = [client.get_pool(pool, expand=["stats"]), *client.list_pools(expand=["stats"])]
    assert not [found for found in shown if "resourceStats" in found["stats"]]
    answer = raw("GET", "/pools", query={"$expand": "nodes"})
    assert (answer.status, answer.code) == (400, "InvalidQueryParameterValue")


def test_url_that_is_not_ascii_is_refused(raw: Raw) -> None:
    with socket.create_connection((str(raw.url.hostname), raw.url.port), timeout=10) as connection:
        connection.sendall(f"GET {raw.url.path}/pools/é HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_request_id_is_repeated_only_when_asked_for(raw: Raw) -> None:
    sent = {"client-request-id": "mine", "return-client-request-id": "true"}
    assert raw("GET", "/pools", headers=sent).headers["client-request-id"] == "mine"
    assert "client-request-id" not in raw("GET", "/pools", headers={"client-request-id": "mine"}).headers
