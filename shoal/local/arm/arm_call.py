"""Requests of the ARM side as its handlers see them, and its answers."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from shoal.local import times
from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures, body_types
from shoal.local.arm.ids import Target
from shoal.local.request_body import parsed

if TYPE_CHECKING:
    from shoal.local.service import Service

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCall:
    service: "Service"
    method: str
    target: Target
    version: str
    """The api-version."""
    headers: Mapping[str, str]
    """Values by lower-case name."""
    content: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    """As the client reached the service."""

    def body(self) -> JsonObject:
        """Return the JSON object of the body; an absent one reads as empty. Raises BatchError."""
        try:
            body = parsed(self.content) if self.content else {}
        except ValueError as exc:
            raise arm_failures.invalid_content(str(exc)) from None
        if not isinstance(body, dict) or not isinstance(body.get("properties", {}), dict):
            raise arm_failures.invalid_content("a JSON object is expected")
        body_types.check(self.target.type, body.get("properties"))
        return body


Handler = Callable[[ArmCall], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """The operations on one type of resource; what is absent is answered with 501."""

    type: str
    verbs: Mapping[str, Handler]
    """On one resource, by HTTP method."""
    listing: Handler | None = None
    actions: Mapping[str, Handler] = field(default_factory=dict)
    """Handlers of POST, by the last segment of the path, in lower case."""


def resource(body: Mapping[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, content=orjson.dumps(body), headers=headers or {})


def versioned(body: Mapping[str, Any], last_modified: int) -> Answer:
    """Answer with a resource below a Batch account, whose weak ETag is in its body as well."""
    etag = weak_etag(last_modified)
    headers = {"ETag": etag, "Last-Modified": times.http_date(last_modified)}
    return resource({**body, "etag": etag}, headers=headers)


def weak_etag(last_modified: int) -> str:
    return f'W/"{times.etag(last_modified)}"'


def collection(bodies: Iterable[Mapping[str, Any]]) -> Answer:
    return Answer(content=orjson.dumps({"value": list(bodies)}))


def described(target: Target, kind: str, body: Mapping[str, Any]) -> JsonObject:
    """Return the body with the members that every resource has in front."""
    return {"id": target.path, "name": target.name, "type": kind, **body}
