import base64
from collections.abc import Mapping, Sequence
from email.utils import formatdate

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from shoal.local import times
from shoal.local.api import shared_key
from shoal.local.errors import BatchError
from shoal.service_status import Status
from tests.local.making import error_code
from tests.raw import JSON, Raw

KEY = base64.b64encode(bytes(range(64))).decode()
SECOND_KEY = base64.b64encode(bytes(64)).decode()
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
NOW = times.moment_of(DATE)
VERSION = ("api-version", "2025-06-01")

# Signatures that azure-batch 15.1 made for the account `myacct` with the key above.
SIGNED = [
    (
        "GET",
        "/jobs/j1/tasks",
        [VERSION, ("maxresults", "10"), ("$filter", "state eq 'active'"), ("$select", "id,state")],
        {},
        "XLpKEd/N5BussAUMBgvgSUo/RXV/R4NoiWcOuKXKPt8=",
    ),
    (
        "POST",
        "/jobs",
        [VERSION, ("timeOut", "10")],
        {"content-length": "43", "content-type": JSON},
        "LIfMEOYr0ceCYy2sdIwi4PC2KRAQ4WV/TT618G5BETQ=",
    ),
    ("DELETE", "/jobs/j1", [VERSION, ("force", "true")], {}, "HL5pQBjTmI961AsKZEnfA12bidaQ27KfkSO8HzFgYTM="),
    (
        "GET",
        "/jobs/j1/tasks/t1/files/wd%2Fout%20a.txt",
        [VERSION],
        {"ocp-range": "bytes=0-99", "if-modified-since": DATE},
        "910dZOUJTmk2I8uuKfRfr2LooUqzBK8HSh/0SgVfUZg=",
    ),
    (
        "PATCH",
        "/pools/p1",
        [VERSION],
        {"content-length": "2", "content-type": JSON, "if-match": '"0x8DE000000000000"'},
        "BRNDSybVTNJruJJW04+W7JDlIqGygNKs//dYqGo7mm4=",
    ),
]
Query = Sequence[tuple[str, str]]


def verify(
    authorization: str,
    *,
    method: str = "GET",
    path: str = "/jobs/j1/tasks",
    query: Query = (),
    headers: Mapping[str, str] | None = None,
    now: int = NOW,
) -> None:
    shared_key.verify(
        account="myacct",
        keys=[SECOND_KEY, KEY],
        method=method,
        raw_path=path,
        query=query,
        headers={"ocp-date": DATE, "authorization": authorization, **(headers or {})},
        now=now,
    )


@pytest.mark.parametrize(("method", "path", "query", "headers", "signature"), SIGNED)
def test_signature_of_the_official_client_is_accepted(
    method: str, path: str, query: Query, headers: Mapping[str, str], signature: str
) -> None:
    verify(f"SharedKey myacct:{signature}", method=method, path=path, query=query, headers=headers)


@pytest.mark.parametrize(("method", "path", "query", "headers", "signature"), SIGNED)
def test_signature_of_another_request_is_refused(
    method: str, path: str, query: Query, headers: Mapping[str, str], signature: str
) -> None:
    for changed_path, changed_headers in ((f"{path}x", headers), (path, {**headers, "content-md5": "x"})):
        with pytest.raises(BatchError) as refusal:
            verify(
                f"SharedKey myacct:{signature}", method=method, path=changed_path, query=query, headers=changed_headers
            )
        assert (refusal.value.status, refusal.value.code) == (403, "AuthenticationFailed")


def test_signature_with_lower_case_query_names_is_accepted_too() -> None:
    query = [VERSION, ("timeOut", "10")]
    lowered = [(name.lower(), value) for name, value in query]
    text = shared_key.string_to_sign(
        account="myacct", method="GET", raw_path="/jobs", query=lowered, headers={"ocp-date": DATE}
    )
    verify(f"SharedKey myacct:{shared_key.sign(text, KEY)}", path="/jobs", query=query)


@pytest.mark.parametrize(("method", "length"), [("DELETE", "0"), ("DELETE", ""), ("PATCH", "43")])
def test_signature_without_the_length_of_the_content_is_accepted(method: str, length: str) -> None:
    headers = {"ocp-date": DATE, **({"content-length": length} if length else {})}
    text = shared_key.string_to_sign(
        account="myacct", method=method, raw_path="/jobs/j1", query=(), headers=headers, length=""
    )
    assert text.startswith(f"{method}\n\n\n\n\n")
    verify(f"SharedKey myacct:{shared_key.sign(text, KEY)}", method=method, path="/jobs/j1", headers=headers)
    with pytest.raises(BatchError):
        verify(f"SharedKey myacct:{shared_key.sign(text, KEY)}", method="POST", path="/jobs/j1", headers=headers)


MALFORMED = (400, "InvalidAuthenticationInfo")
FAILED = (403, "AuthenticationFailed")


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("SharedKey myacct", MALFORMED),
        ("SharedKey myacct:", MALFORMED),
        ("SharedKey", MALFORMED),
        ("", FAILED),
        ("Bearer token", FAILED),
        ("SharedKey other:AAAA", FAILED),
        ("SharedKey myacct:AAAA", FAILED),
        ("SharedKey myacct:é", FAILED),
    ],
)
def test_header_that_is_no_valid_signature_is_refused(authorization: str, expected: tuple[int, str]) -> None:
    with pytest.raises(BatchError) as refusal:
        verify(authorization)
    assert (refusal.value.status, refusal.value.code) == expected


@pytest.mark.parametrize("minutes", [-16, 16])
def test_request_that_is_more_than_15_minutes_off_is_refused(minutes: int) -> None:
    method, path, query, headers, signature = SIGNED[0]
    with pytest.raises(BatchError, match="failed to authenticate") as refusal:
        verify(
            f"SharedKey myacct:{signature}",
            method=method,
            path=path,
            query=query,
            headers=headers,
            now=NOW + minutes * times.MINUTE,
        )
    assert "15 minutes" in refusal.value.values["AuthenticationErrorDetail"]


def test_wrong_key_is_refused_in_batchs_error_shape(service: Status) -> None:
    with (
        BatchClient(service.batch_endpoint, AzureNamedKeyCredential(service.account, KEY)) as stranger,
        pytest.raises(HttpResponseError) as refusal,
    ):
        stranger.get_pool("any")
    assert refusal.value.status_code == 403
    assert error_code(refusal.value) == "AuthenticationFailed"


def test_error_has_every_part_that_batch_gives_it(raw: Raw) -> None:
    refused = raw("GET", "/pools", key=KEY)
    assert refused.status == 403
    assert refused.headers["content-type"] == "application/json;odata=minimalmetadata"
    assert set(refused.body) == {"odata.metadata", "code", "message", "values"}
    assert refused.body["message"]["lang"] == "en-US"
    first, request_id, time = refused.body["message"]["value"].split("\n")
    assert first.startswith("Server failed to authenticate the request.")
    assert request_id == f"RequestId:{refused.headers['request-id']}"
    assert time.startswith("Time:20")
    assert "string to sign" in refused.values["AuthenticationErrorDetail"]


def test_stale_date_is_refused_though_it_is_signed(raw: Raw) -> None:
    stale = formatdate(times.now() / times.SECOND - 16 * 60, usegmt=True)
    refused = raw("GET", "/pools", headers={"ocp-date": stale})
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")


def test_account_that_is_not_there_is_refused_like_a_wrong_key(raw: Raw) -> None:
    refused = raw.send("GET", "/nobody/pools?api-version=2025-06-01", b"", {"Authorization": "SharedKey nobody:AAAA"})
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")


def test_request_without_a_signature_learns_nothing_about_what_is_there(raw: Raw) -> None:
    answers = [raw.send("GET", f"{raw.url.path}{path}", b"", {}) for path in ("/pools/any", "/nowhere")]
    assert {(answer.status, answer.code) for answer in answers} == {FAILED}
