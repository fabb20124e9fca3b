"""ARM bodies of everything that the Batch data plane does not know."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from shoal.local.api.calls import Answer
from shoal.local.arm import arm_failures
from shoal.local.arm.arm_call import ArmCall, Handler, JsonObject, collection, resource
from shoal.local.arm.ids import Target, parse
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.queries import every, integer, one

if TYPE_CHECKING:
    from shoal.local.service import Service

BELOW = "(id = ?1 OR substr(id, 1, length(?1) + 1) = ?1 || '/' COLLATE NOCASE)"


def find(connection: sqlite3.Connection, path: str) -> JsonObject | None:
    return one(connection, _body, "SELECT body FROM arm_resources WHERE id = ?", path)


def below(connection: sqlite3.Connection, path: str, kind: str) -> list[JsonObject]:
    """Return the records of one type at or below a path, in the order of their ids."""
    sql = f"SELECT body FROM arm_resources WHERE {BELOW} AND type = ?2 ORDER BY id"
    return every(connection, _body, sql, path, kind)


def below_any(connection: sqlite3.Connection, path: str) -> list[JsonObject]:
    """Return the records of all types below a path, in the order of their ids."""
    sql = f"SELECT body FROM arm_resources WHERE {BELOW} AND id != ?1 ORDER BY id"
    return every(connection, _body, sql, path)


def _body(row: sqlite3.Row) -> JsonObject:
    body: JsonObject = orjson.loads(row[0])
    return body


def last_changed(connection: sqlite3.Connection, path: str) -> int:
    """Return when the record was made or got another body, in microseconds; 0 where there is none."""
    return one(connection, integer, "SELECT last_modified FROM arm_resources WHERE id = ?", path) or 0


def keep(tx: Transaction, kind: str, body: JsonObject) -> None:
    tx.run(
        "INSERT INTO arm_resources VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body,"
        " last_modified = iif(body = excluded.body, last_modified, excluded.last_modified)",
        body["id"],
        kind,
        orjson.dumps(body),
        tx.now,
    )


def forget(tx: Transaction, path: str) -> None:
    """Delete the record and everything below it."""
    tx.run(f"DELETE FROM arm_resources WHERE {BELOW}", path)


def require(connection: sqlite3.Connection, target: Target) -> JsonObject:
    """Raises BatchError ResourceNotFound, ResourceGroupNotFound."""
    body = find(connection, target.path)
    if body is None:
        if target.group and len(target.path.split("/")) == 5:
            raise arm_failures.group_not_found(target.group)
        raise arm_failures.not_found(target.path)
    return body


def require_parent(connection: sqlite3.Connection, target: Target) -> None:
    """Raises BatchError ResourceGroupNotFound, ParentResourceNotFound. Subscriptions are taken as they come."""
    parent = parse(target.parent)
    if len(parent.path.split("/")) == 3 or find(connection, parent.path) is not None:
        return
    if len(parent.path.split("/")) == 5:
        raise arm_failures.group_not_found(parent.group)
    raise arm_failures.parent_not_found(target.path, parent.path)


View = Callable[["Service", JsonObject], JsonObject]
"""Takes a kept body, returns the answered one."""


def as_kept(_service: "Service", body: JsonObject) -> JsonObject:
    return body


def getter(view: View = as_kept) -> Handler:
    async def get(call: ArmCall) -> Answer:
        return resource(view(call.service, require(call.service.connection, call.target)))

    return get


async def exists(call: ArmCall) -> Answer:
    return Answer(status=204 if find(call.service.connection, call.target.path) is not None else 404)


async def delete(call: ArmCall) -> Answer:
    """Delete a record that stands for nothing else."""

    def change(tx: Transaction) -> int:
        there = find(tx.connection, call.target.path) is not None
        forget(tx, call.target.path)
        return 200 if there else 204

    return Answer(status=await call.service.loop.change(change))


def lister(kind: str, view: View = as_kept) -> Handler:
    """Return a handler that lists the records of one type below the resource or scope of the request."""

    async def listing(call: ArmCall) -> Answer:
        return collection(view(call.service, body) for body in below(call.service.connection, call.target.owner, kind))

    return listing


Complete = Callable[[ArmCall, JsonObject, JsonObject | None], JsonObject]
"""Takes the request's body and the existing resource, returns the new one. Raises BatchError."""


def putter(kind: str, complete: Complete, *, created: int = 201) -> Handler:
    """Return a handler of a PUT that only keeps a record; `created` is its status for a new one."""

    async def put(call: ArmCall) -> Answer:
        def change(tx: Transaction) -> tuple[JsonObject, bool]:
            require_parent(tx.connection, call.target)
            old = find(tx.connection, call.target.path)
            body = complete(call, call.body(), old)
            keep(tx, kind, body)
            return body, old is None

        body, is_new = await call.service.loop.change(change)
        return resource(body, created if is_new else 200)

    return put


def properties(body: JsonObject) -> dict[str, Any]:
    return dict(body.get("properties") or {})
