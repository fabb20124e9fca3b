"""Requests and answers of the data plane, as its handlers see them."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import orjson

from shoal.local import errors, times
from shoal.local.api.selection import selected

if TYPE_CHECKING:
    from shoal.local.service import Service

LARGEST_PAGE = 1000
NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    service: "Service"
    request_id: str
    account: str
    method: str
    base_url: str
    """`http://HOST:PORT/ACCOUNT` as the client reached it."""
    path: str
    """Below the account, percent-encoded."""
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Values by lower-case name."""
    content: bytes

    def __getitem__(self, parameter: str) -> str:
        return self.parameters[parameter]

    @property
    def version(self) -> str:
        """The api-version."""
        return self.query["api-version"]

    def body(self) -> Any:
        """Return the JSON of the body; an absent one reads as an empty object. Raises BatchError."""
        try:
            return orjson.loads(self.content) if self.content else {}
        except orjson.JSONDecodeError as exc:
            raise errors.invalid_request_body(str(exc)) from None

    def page_size(self) -> int:
        text = self.query.get("maxresults", str(LARGEST_PAGE))
        if not NUMBER.fullmatch(text):
            raise errors.invalid_query_parameter("maxresults", text, "a number is expected")
        if not 1 <= int(text) <= LARGEST_PAGE:
            raise errors.query_parameter_out_of_range("maxresults", text, f"1 to {LARGEST_PAGE} is allowed")
        return int(text)

    def flag(self, name: str) -> bool:
        """Return a query parameter that is true or false; an absent one is false."""
        return self.query.get(name, "false").lower() == "true"

    def after(self) -> int:
        """The key after which the page starts."""
        token = self.query.get("$skiptoken", "0")
        if not NUMBER.fullmatch(token):
            raise self.foreign_token()
        return int(token)

    def after_name(self) -> bytes:
        """The name after which the page starts, in a list whose entities have no number for a key."""
        try:
            return base64.b64decode(self.query.get("$skiptoken", ""), altchars=b"-_", validate=True)
        except ValueError:
            raise self.foreign_token() from None

    def foreign_token(self) -> errors.BatchError:
        return errors.invalid_query_parameter("$skiptoken", self.query["$skiptoken"], "it is not one of this service's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    content: bytes | Iterator[bytes] = b""
    """In parts where it is large; then with a Content-Length among the headers."""
    headers: dict[str, str] = field(default_factory=dict)


CONTEXTS_OF_ONE = {"applications": "getapplicationsummaryresponse"}
CONTEXTS_OF_MANY = {"applications": "listapplicationsummariesresponses"}
"""Names in `odata.metadata` that are not those of the paths.
Source: answers recorded in the tests of azure-cli, api-version 2024-02-01.19.0; so the names that handlers give."""


def context(call: Call, name: str) -> str:
    """Return the `odata.metadata` of an answer."""
    return f"{call.base_url}/$metadata#{name}"


def entity(call: Call, kind: str, view: dict[str, Any], last_modified: int) -> Answer:
    """Answer with one entity."""
    (shown,) = selected(call.query.get("$select"), kind, [view], call.version)
    body = {"odata.metadata": context(call, f"{CONTEXTS_OF_ONE.get(kind, kind)}/@Element"), **shown}
    return Answer(content=orjson.dumps(body), headers=version_headers(last_modified))


class Keyed(Protocol):
    @property
    def key(self) -> int: ...


def more_after(records: Sequence[Keyed], size: int) -> int | None:
    """Return the key after which the next page starts, where one more record than the page holds was read."""
    return records[size - 1].key if len(records) > size else None


def page(call: Call, kind: str, views: list[dict[str, Any]], more_after: int | bytes | None) -> Answer:
    """Answer with one page of a list; `more_after` is the key or the name of its last entity where others follow.

    Never its position: what comes or goes between two pages would shift all that follow.
    """
    body: dict[str, Any] = {
        "odata.metadata": context(call, CONTEXTS_OF_MANY.get(kind, kind)),
        "value": selected(call.query.get("$select"), kind, views, call.version),
    }
    if more_after is not None:
        query = {**call.query, "$skiptoken": _token(more_after)}
        body["odata.nextLink"] = f"{call.base_url}{call.path}?{urlencode(query, quote_via=quote)}"
    return Answer(content=orjson.dumps(body))


def _token(key: int | bytes) -> str:
    return str(key) if isinstance(key, int) else base64.urlsafe_b64encode(key).decode()


def accepted(call: Call, status: int, last_modified: int | None = None, path: str | None = None) -> Answer:
    """Answer a write without a body; `path` names the affected entity where it is not the call's own."""
    url = f"{call.base_url}{path or call.path}"
    headers = {"DataServiceId": url} if status != 202 or path else {}
    if status == 201:
        headers["Location"] = url
    if last_modified is not None:
        headers |= version_headers(last_modified)
    return Answer(status=status, headers=headers)


def version_headers(last_modified: int) -> dict[str, str]:
    return {"ETag": times.etag(last_modified), "Last-Modified": times.http_date(last_modified)}
