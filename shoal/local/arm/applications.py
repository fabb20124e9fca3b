"""Applications of a Batch account, and their default versions."""

import re
import sqlite3

from azure.mgmt.batch import models

from shoal.local import times
from shoal.local.api import shapes
from shoal.local.api.calls import Answer
from shoal.local.arm import failures, records
from shoal.local.arm.calls import Call, JsonObject, Kind, collection, described, resource
from shoal.local.arm.ids import parse
from shoal.local.scheduler.loop import Transaction

TYPE = "Microsoft.Batch/batchAccounts/applications"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def put(call: Call) -> Answer:
    if not NAME.fullmatch(call.target.name):
        raise failures.invalid_name("an application", call.target.name, "1 to 64 letters, digits, - and _")
    given = _properties(call)

    def change(tx: Transaction) -> sqlite3.Row:
        records.require_parent(tx.connection, call.target)
        tx.run(
            "INSERT INTO applications (account, id, allow_updates, last_modified) VALUES (?, ?, 1, ?)"
            " ON CONFLICT DO NOTHING",
            *call.target.names,
            tx.now,
        )
        return _change(tx, call, {"displayName": None, "allowUpdates": True, "defaultVersion": None, **given})

    return resource(_view(call.target.path, await call.service.loop.change(change)))


async def patch(call: Call) -> Answer:
    given = _properties(call)

    def change(tx: Transaction) -> sqlite3.Row:
        find(tx.connection, call)
        return _change(tx, call, given)

    return resource(_view(call.target.path, await call.service.loop.change(change)))


async def get(call: Call) -> Answer:
    return resource(_view(call.target.path, find(call.service.connection, call)))


async def delete(call: Call) -> Answer:
    def change(tx: Transaction) -> int:
        if tx.one("SELECT 1 FROM application_versions WHERE account = ? AND application = ?", *call.target.names):
            text = f"The application {call.target.name} still has versions; delete them first."
            raise failures.package_conflict("ApplicationHasPackages", text)
        return tx.run("DELETE FROM applications WHERE account = ? AND id = ?", *call.target.names)

    return Answer(status=200 if await call.service.loop.change(change) else 204)


async def listing(call: Call) -> Answer:
    records.require(call.service.connection, parse(call.target.owner))
    rows = call.service.read("SELECT * FROM applications WHERE account = ? ORDER BY id", *call.target.names)
    return collection(_view(f"{call.target.path}/{row['id']}", row) for row in rows)


def find(connection: sqlite3.Connection, call: Call) -> sqlite3.Row:
    """The application that the call is about, or whose version it is about. Raises BatchError ResourceNotFound."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM applications WHERE account = ? AND id = ?", call.target.names[:2]
    ).fetchone()
    if row is None:
        raise failures.not_found(call.target.path)
    return row


def _properties(call: Call) -> JsonObject:
    body = call.body()
    shapes.normalize(models.Application, body)
    return records.properties(body)


def _change(tx: Transaction, call: Call, properties: JsonObject) -> sqlite3.Row:
    row = find(tx.connection, call)
    values = {
        "displayName": row["display_name"],
        "allowUpdates": bool(row["allow_updates"]),
        "defaultVersion": row["default_version"],
        **properties,
    }
    if (version := values["defaultVersion"]) is not None and version != row["default_version"]:
        _require_active(tx, call, version)
    tx.run(
        "UPDATE applications SET display_name = ?, allow_updates = ?, default_version = ?, last_modified = ?"
        " WHERE account = ? AND id = ?",
        values["displayName"],
        values["allowUpdates"],
        version,
        tx.now,
        *call.target.names,
    )
    return find(tx.connection, call)


def _require_active(tx: Transaction, call: Call, version: str) -> None:
    active = tx.one(
        "SELECT 1 FROM application_versions WHERE account = ? AND application = ? AND version = ? AND state = 'active'",
        *call.target.names,
        version,
    )
    if active is None:
        text = f"The application {call.target.name} has no active version {version} to be its default."
        raise failures.package_conflict("ApplicationPackageNotFound", text)


def _view(path: str, row: sqlite3.Row) -> JsonObject:
    properties = {
        "displayName": row["display_name"],
        "allowUpdates": bool(row["allow_updates"]),
        "defaultVersion": row["default_version"],
    }
    known = {name: value for name, value in properties.items() if value is not None}
    etag = f'W/"{times.etag(row["last_modified"])}"'
    return described(parse(path), TYPE, {"etag": etag, "properties": known})


KIND = Kind(type=TYPE, verbs={"PUT": put, "PATCH": patch, "GET": get, "DELETE": delete}, listing=listing)
