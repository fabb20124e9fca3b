"""Where clients reach an account: below its name, at the root, or at a host of its own."""

import http.client
from email.utils import formatdate
from urllib.parse import urlsplit

import pytest

from shoal.local.api import endpoints
from shoal.service_status import Status
from tests.raw import VERSION, Raw, Response, sign


@pytest.mark.parametrize(
    ("path", "host", "authorization", "expected"),
    [
        ("/acct/pools", "127.0.0.1:1", "SharedKey acct:x", ("acct", "/acct")),
        ("/Acct/pools", "127.0.0.1:1", "SharedKey acct:x", ("Acct", "/Acct")),
        ("/other/pools", "127.0.0.1:1", "SharedKey acct:x", ("other", "/other")),
        ("/acct/pools", "127.0.0.1:1", "Bearer x", ("acct", "/acct")),
        ("/pools", "127.0.0.1:1", "SharedKey acct:x", ("acct", "")),
        ("/Jobs/a/tasks", "127.0.0.1:1", "sharedkey acct:x", ("acct", "")),
        ("/pools/pools", "127.0.0.1:1", "SharedKey pools:x", ("pools", "/pools")),
        ("/pools", "acct.localhost:1", "Bearer x", ("acct", "")),
        ("/acct/pools", "ACCT.localhost", "", ("acct", "/acct")),
        ("/pools", "localhost:1", "", ("pools", "/pools")),
        ("/", "127.0.0.1", "SharedKey acct:x", ("", "/")),
        ("*", "127.0.0.1", "", ("", "/")),
    ],
)
def test_account_is_in_the_path_the_host_or_the_signature(
    path: str, host: str, authorization: str, expected: tuple[str, str]
) -> None:
    assert endpoints.account(path, host=host, authorization=authorization) == expected


def at_root(raw: Raw, method: str, path: str, **headers: str) -> Response:
    target = f"{path}?api-version={VERSION}"
    given = {"ocp-date": formatdate(usegmt=True), **headers}
    signature = sign(method, target, given, 0, account=raw.status.account, key=raw.status.key)
    return raw.send(method, target, b"", {"Authorization": signature, **given})


def test_data_plane_answers_at_the_root_and_its_urls_stay_there(raw: Raw, job: str) -> None:
    answer = at_root(raw, "GET", f"/jobs/{job}")
    assert answer.status == 200
    assert answer.body["url"] == f"http://{raw.url.netloc}/jobs/{job}"
    by_host = at_root(raw, "GET", f"/jobs/{job}", host=f"{raw.status.account}.localhost:{raw.url.port}")
    assert by_host.body["url"] == f"http://{raw.status.account}.localhost:{raw.url.port}/jobs/{job}"


@pytest.mark.parametrize("path", ["/", "/pools", "/nothing"])
def test_request_without_an_account_is_not_redirected(raw: Raw, path: str) -> None:
    answer = raw.send("GET", f"{path}?api-version={VERSION}", b"", {})
    assert (answer.status, answer.code) == (403, "AuthenticationFailed")


def test_header_names_have_azures_capitals(service: Status, raw: Raw, job: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.batch_endpoint).netloc, timeout=30)
    target = f"{raw.url.path}/jobs/{job}?api-version={VERSION}"
    headers = {"ocp-date": formatdate(usegmt=True)}
    signature = sign("GET", target, headers, 0, account=service.account, key=service.key)
    connection.request("GET", target, headers={"Authorization": signature, **headers})
    answer = connection.getresponse()
    content = answer.read()
    names = [name for name, _ in answer.getheaders()]
    connection.close()
    assert {"Content-Length", "Content-Type", "ETag", "Last-Modified", "DataServiceVersion", "request-id"} <= {*names}
    assert len({name.lower() for name in names}) == len(names)
    assert answer.headers["content-length"] == str(len(content))
