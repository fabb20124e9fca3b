"""Applications of a Batch account, and their default versions."""

import sqlite3

from shoal.azure.id_patterns import BATCH_ID
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import arm_failures, list_options, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described, versioned, weak_etag
from shoal.local.arm.ids import parse
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.application import Application
from shoal.local.store.application_version import ApplicationVersion
from shoal.local.store.states import PackageState

TYPE = "Microsoft.Batch/batchAccounts/applications"


async def put(call: ArmCall) -> Answer:
    if not BATCH_ID.pattern.fullmatch(call.target.name):
        raise arm_failures.invalid_name("an application", call.target.name, "1 to 64 letters, digits, - and _")
    given = _properties(call)

    def change(tx: Transaction) -> Application:
        records.require_parent(tx.connection, call.target)
        tx.run(
            "INSERT INTO applications (account, id, allow_updates, last_modified) VALUES (?, ?, 1, ?)"
            " ON CONFLICT DO NOTHING",
            *call.target.names,
            tx.now,
        )
        return _change(tx, call, {"displayName": None, "allowUpdates": True, "defaultVersion": None, **given})

    return _answer(call, await call.service.loop.change(change))


async def patch(call: ArmCall) -> Answer:
    given = _properties(call)

    def change(tx: Transaction) -> Application:
        require(tx.connection, call)
        return _change(tx, call, given)

    return _answer(call, await call.service.loop.change(change))


async def get(call: ArmCall) -> Answer:
    return _answer(call, require(call.service.connection, call))


def _answer(call: ArmCall, application: Application) -> Answer:
    return versioned(_view(call.target.path, application), application.last_modified)


async def delete(call: ArmCall) -> Answer:
    def change(tx: Transaction) -> int:
        if tx.exists("SELECT 1 FROM application_versions WHERE account = ? AND application = ?", *call.target.names):
            text = "All application packages must be deleted before the application can be deleted."
            raise arm_failures.package_conflict("ApplicationPackagesNotEmpty", text)
        return tx.run("DELETE FROM applications WHERE account = ? AND id = ?", *call.target.names)

    return Answer(status=200 if await call.service.loop.change(change) else 204)


async def listing(call: ArmCall) -> Answer:
    records.require(call.service.connection, parse(call.target.owner))
    sql = "SELECT * FROM applications WHERE account = ? ORDER BY id"
    applications = call.service.read(Application.from_row, sql, *call.target.names)
    list_options.refuse_filter(call, "applications")
    return list_options.page(call, [_view(f"{call.target.path}/{one.id}", one) for one in applications])


def require(connection: sqlite3.Connection, call: ArmCall) -> Application:
    """Return the application of the call, or of the call's version. Raises BatchError ResourceNotFound."""
    account, application_id, *_ = call.target.names
    application = Application.find(connection, account, application_id)
    if application is None:
        raise arm_failures.not_found(call.target.path)
    return application


def _properties(call: ArmCall) -> JsonObject:
    body = call.body()
    ARM.normalize("Application", body, call.version)
    # An empty text names nothing: azurerm sends it for what is not set.
    return {name: None if value == "" else value for name, value in records.properties(body).items()}


def _change(tx: Transaction, call: ArmCall, properties: JsonObject) -> Application:
    application = require(tx.connection, call)
    values = {**_shown(application), **properties}
    if (version := values["defaultVersion"]) is not None and version != application.default_version:
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
    return require(tx.connection, call)


def _require_active(tx: Transaction, call: ArmCall, version: str) -> None:
    account, application_id = call.target.names
    found = ApplicationVersion.find(tx.connection, account, application_id, version)
    if found is None or found.state is not PackageState.ACTIVE:
        text = f"The application {call.target.name} has no active version {version} to be its default."
        code = "ApplicationPackageNotFound" if found is None else "RequestedDefaultVersionNotActive"
        raise arm_failures.package_conflict(code, text)


def _shown(application: Application) -> JsonObject:
    return {
        "displayName": application.display_name,
        "allowUpdates": application.allow_updates,
        "defaultVersion": application.default_version,
    }


def _view(path: str, application: Application) -> JsonObject:
    known = {name: value for name, value in _shown(application).items() if value is not None}
    return described(parse(path), TYPE, {"etag": weak_etag(application.last_modified), "properties": known})


KIND = ResourceKind(type=TYPE, verbs={"PUT": put, "PATCH": patch, "GET": get, "DELETE": delete}, listing=listing)
