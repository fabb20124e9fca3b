"""Versions of applications: reserved by PUT, uploaded by the client to auto-storage, then activated.

Source: azure-rest-api ApplicationPackage; every GET gives a fresh address to upload to.
"""

import asyncio
import re
import sqlite3
import uuid

from azure.mgmt.batch import models

from shoal.local import times
from shoal.local.api import shapes
from shoal.local.api.calls import Answer
from shoal.local.arm import applications, blobs, failures
from shoal.local.arm.calls import Call, JsonObject, Kind, collection, described, resource
from shoal.local.arm.ids import parse
from shoal.local.scheduler.loop import Transaction

TYPE = "Microsoft.Batch/batchAccounts/applications/versions"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
ONE = "account = ? AND application = ? AND version = ?"


async def put(call: Call) -> Answer:
    if not NAME.fullmatch(call.target.name):
        raise failures.invalid_name("a version", call.target.name, "1 to 64 letters, digits, -, _ and .")
    shapes.normalize(models.ApplicationPackage, call.body())
    row = await call.service.loop.change(lambda tx: _reserve(tx, call))
    account = _auto_storage(call)
    await asyncio.to_thread(blobs.make_container, account, row["container"])
    return resource(_view(call.target.path, row, account))


async def get(call: Call) -> Answer:
    return resource(_view(call.target.path, _find(call), _auto_storage(call)))


async def activate(call: Call) -> Answer:
    body = call.body()
    shapes.normalize(models.ActivateApplicationPackageParameters, body)
    row = _find(call)
    account = _auto_storage(call)
    if not await asyncio.to_thread(blobs.has_blob, account, row["container"], row["blob"]):
        text = f"Version {call.target.name} of {call.target.names[1]} was not uploaded yet."
        raise failures.package_conflict("ApplicationPackageBlobNotFound", text)
    sql = f"UPDATE application_versions SET state = 'active', format = ?, activated = ?, last_modified = ? WHERE {ONE}"
    await call.service.loop.change(lambda tx: tx.run(sql, body["format"], tx.now, tx.now, *call.target.names))
    return resource(_view(call.target.path, _find(call), account))


async def delete(call: Call) -> Answer:
    rows = call.service.read(f"SELECT * FROM application_versions WHERE {ONE}", *call.target.names)
    if not rows:
        return Answer(status=204)
    await asyncio.to_thread(blobs.delete_blob, _auto_storage(call), rows[0]["container"], rows[0]["blob"])

    def change(tx: Transaction) -> None:
        tx.run(f"DELETE FROM application_versions WHERE {ONE}", *call.target.names)
        tx.run(
            "UPDATE applications SET default_version = NULL WHERE account = ? AND id = ? AND default_version = ?",
            *call.target.names,
        )

    await call.service.loop.change(change)
    return Answer(status=200)


async def listing(call: Call) -> Answer:
    applications.find(call.service.connection, call)
    rows = call.service.read(
        "SELECT * FROM application_versions WHERE account = ? AND application = ? ORDER BY version", *call.target.names
    )
    account = _auto_storage(call)
    return collection(_view(f"{call.target.path}/{row['version']}", row, account) for row in rows)


def _reserve(tx: Transaction, call: Call) -> sqlite3.Row:
    application = applications.find(tx.connection, call)
    there = tx.one(f"SELECT * FROM application_versions WHERE {ONE}", *call.target.names)
    if there is not None and not application["allow_updates"]:
        text = "The package already exists and the application does not allow existing packages to be updated."
        raise failures.package_conflict("ApplicationPackageExists", text)
    tx.run(
        "INSERT INTO application_versions (account, application, version, container, blob, last_modified)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = 'pending', format = NULL, activated = NULL,"
        " last_modified = excluded.last_modified",
        *call.target.names,
        _container(application),
        call.target.name,
        tx.now,
    )
    return _find(call)


def _container(application: sqlite3.Row) -> str:
    """`app-NAME-` and 32 hexadecimal digits. Source: the addresses that Azure gives."""
    name = application["id"].lower()
    readable = re.sub(r"[^a-z0-9]+", "", name)[:24]
    return f"app-{readable}-{uuid.uuid5(uuid.NAMESPACE_URL, application['account'] + '/' + name).hex}"


def _find(call: Call) -> sqlite3.Row:
    rows = call.service.read(f"SELECT * FROM application_versions WHERE {ONE}", *call.target.names)
    if not rows:
        raise failures.not_found(call.target.path)
    return rows[0]


def _auto_storage(call: Call) -> blobs.Account:
    account = call.target.names[0]
    linked = call.service.read(
        "SELECT storage_account FROM accounts WHERE name = ? AND storage_account IS NOT NULL", account
    )
    if not linked:
        raise failures.auto_storage_missing(account)
    return blobs.account(call.service, linked[0]["storage_account"])


def _view(path: str, row: sqlite3.Row, account: blobs.Account) -> JsonObject:
    url, expiry = blobs.upload_url(account, row["container"], row["blob"])
    properties = {
        "state": row["state"].capitalize(),
        "storageUrl": url,
        "storageUrlExpiry": expiry.isoformat(),
        "format": row["format"],
        "lastActivationTime": times.iso(row["activated"]) if row["activated"] else None,
    }
    known = {name: value for name, value in properties.items() if value is not None}
    etag = f'W/"{times.etag(row["last_modified"])}"'
    return described(parse(path), TYPE, {"etag": etag, "properties": known})


KIND = Kind(
    type=TYPE,
    verbs={"PUT": put, "GET": get, "DELETE": delete},
    listing=listing,
    actions={"activate": activate},
)
