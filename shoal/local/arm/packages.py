"""Versions of applications: reserved by PUT, uploaded by the client to auto-storage, then activated.

Source: azure-rest-api ApplicationPackage; every GET gives a fresh address to upload to.
"""

import asyncio
import re
import uuid
from dataclasses import replace

from shoal.azure.id_patterns import PACKAGE_VERSION
from shoal.local import times
from shoal.local.api.calls import Answer
from shoal.local.api.shapes import ARM
from shoal.local.arm import applications, arm_failures, auto_storage_access, list_options, package_blobs
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described, versioned, weak_etag
from shoal.local.arm.ids import parse
from shoal.local.scheduler.loop import Transaction
from shoal.local.store.account import Account
from shoal.local.store.application import Application
from shoal.local.store.application_version import ApplicationVersion
from shoal.local.store.states import PackageState

TYPE = "Microsoft.Batch/batchAccounts/applications/versions"


async def put(call: ArmCall) -> Answer:
    if not PACKAGE_VERSION.pattern.fullmatch(call.target.name):
        raise arm_failures.invalid_name("a version", call.target.name, "1 to 64 letters, digits, -, _ and .")
    ARM.normalize("ApplicationPackage", call.body(), call.version)
    _require_access(call)
    version = await call.service.loop.change(lambda tx: _reserve(tx, call))
    account = _auto_storage(call)
    await asyncio.to_thread(package_blobs.make_container, account, version.container)
    return _answer(call, version, account)


async def get(call: ArmCall) -> Answer:
    return _answer(call, _require(call), _auto_storage(call))


async def activate(call: ArmCall) -> Answer:
    body = call.body()
    ARM.normalize("ActivateApplicationPackageParameters", body, call.version)
    _require_access(call)
    version = _require(call)
    account = _auto_storage(call)
    if not await asyncio.to_thread(package_blobs.has_blob, account, version.container, version.blob):
        text = f"Version {call.target.name} of {call.target.names[1]} was not uploaded yet."
        raise arm_failures.package_conflict("ApplicationPackageBlobNotFound", text)
    await call.service.loop.change(lambda tx: _activate(tx, call, body["format"]))
    return _answer(call, _require(call), account)


async def delete(call: ArmCall) -> Answer:
    version = _find(call)
    if version is None:
        return Answer(status=204)
    await asyncio.to_thread(package_blobs.delete_blob, _auto_storage(call), version.container, version.blob)

    def change(tx: Transaction) -> None:
        sql = "DELETE FROM application_versions WHERE account = ? AND application = ? AND version = ?"
        tx.run(sql, *call.target.names)
        tx.run(
            "UPDATE applications SET default_version = NULL WHERE account = ? AND id = ? AND default_version = ?",
            *call.target.names,
        )

    await call.service.loop.change(change)
    return Answer(status=200)


async def listing(call: ArmCall) -> Answer:
    applications.require(call.service.connection, call)
    sql = "SELECT * FROM application_versions WHERE account = ? AND application = ? ORDER BY version"
    versions = call.service.read(ApplicationVersion.from_row, sql, *call.target.names)
    account = _auto_storage(call)
    list_options.refuse_filter(call, "versions")
    return list_options.page(call, [_view(f"{call.target.path}/{one.version}", one, account) for one in versions])


def _activate(tx: Transaction, call: ArmCall, archive_format: str) -> None:
    tx.run(
        "UPDATE application_versions SET state = ?, format = ?, activated = ?, last_modified = ?"
        " WHERE account = ? AND application = ? AND version = ?",
        PackageState.ACTIVE,
        archive_format,
        tx.now,
        tx.now,
        *call.target.names,
    )


def _reserve(tx: Transaction, call: ArmCall) -> ApplicationVersion:
    application = applications.require(tx.connection, call)
    if _find(call) is not None and not application.allow_updates:
        text = "The package already exists and the application does not allow existing packages to be updated."
        raise arm_failures.package_conflict("ApplicationPackageExists", text)
    tx.run(
        "INSERT INTO application_versions (account, application, version, container, blob, state, last_modified)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, format = NULL,"
        " activated = NULL, last_modified = excluded.last_modified",
        *call.target.names,
        _container(application),
        call.target.name,
        PackageState.PENDING,
        tx.now,
    )
    return _require(call)


def _container(application: Application) -> str:
    """Return `app-NAME-` and 32 hexadecimal digits. Source: the addresses that Azure gives."""
    name = application.id.lower()
    readable = re.sub(r"[^a-z0-9]+", "", name)[:24]
    return f"app-{readable}-{uuid.uuid5(uuid.NAMESPACE_URL, application.account + '/' + name).hex}"


def _find(call: ArmCall) -> ApplicationVersion | None:
    account, application, version = call.target.names
    return ApplicationVersion.find(call.service.connection, account, application, version)


def _require(call: ArmCall) -> ApplicationVersion:
    """Raises BatchError ResourceNotFound."""
    version = _find(call)
    if version is None:
        raise arm_failures.not_found(call.target.path)
    return version


def _auto_storage(call: ArmCall) -> package_blobs.AutoStorage:
    name = call.target.names[0]
    account = Account.find(call.service.connection, name)
    if account is None or account.storage_account is None:
        raise arm_failures.auto_storage_missing(name)
    storage = package_blobs.account(call.service, account.storage_account)
    return replace(storage, is_by_role=auto_storage_access.is_by_role(call.service.connection, _account_path(call)))


def _require_access(call: ArmCall) -> None:
    """Raises BatchError where the account has no access to its auto-storage yet."""
    auto_storage_access.require(call.service.connection, _account_path(call))


def _account_path(call: ArmCall) -> str:
    return call.target.path.partition("/applications/")[0]


def _answer(call: ArmCall, version: ApplicationVersion, account: package_blobs.AutoStorage) -> Answer:
    return versioned(_view(call.target.path, version, account), version.last_modified)


def _view(path: str, version: ApplicationVersion, account: package_blobs.AutoStorage) -> JsonObject:
    url, expiry = package_blobs.upload_url(account, version.container, version.blob)
    properties = {
        "state": version.state.capitalize(),
        "storageUrl": url,
        "storageUrlExpiry": times.iso(times.moment_of(expiry.isoformat())),
        "format": version.format,
        "lastActivationTime": None if version.activated is None else times.iso(version.activated),
    }
    known = {name: value for name, value in properties.items() if value is not None}
    return described(parse(path), TYPE, {"etag": weak_etag(version.last_modified), "properties": known})


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": put, "GET": get, "DELETE": delete},
    listing=listing,
    actions={"activate": activate},
)
