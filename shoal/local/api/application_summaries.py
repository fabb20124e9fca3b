"""Operations on applications and their active versions, which are made on the ARM side."""

import sqlite3
from typing import Any, NamedTuple, Self

import orjson

from shoal.local import errors
from shoal.local.api.calls import Answer, Call, entity, more_after, page
from shoal.local.store.queries import one, required

WITH_VERSIONS = (
    "SELECT a.rowid, a.id, ifnull(nullif(a.display_name, ''), a.id), a.last_modified,"
    " (SELECT json_group_array(version) FROM application_versions v"
    " WHERE v.account = a.account AND v.application = a.id AND v.state = 'active') FROM applications a"
)


class ActiveApplication(NamedTuple):
    """An application with the names of its active versions."""

    key: int
    id: str
    display_name: str
    last_modified: int
    versions: list[str]

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        key, application_id, display_name, last_modified, versions = row
        return cls(key, application_id, display_name, last_modified, orjson.loads(versions))


async def list_applications(call: Call) -> Answer:
    if text := call.query.get("$filter"):
        raise errors.invalid_query_parameter("$filter", text, "applications cannot be filtered")
    size = call.page_size()
    applications = call.service.read(
        ActiveApplication.from_row,
        f"{WITH_VERSIONS} WHERE a.account = ? AND a.rowid > ? ORDER BY a.rowid LIMIT ?",
        call.account,
        call.after(),
        size + 1,
    )
    views = [view(application) for application in applications[:size]]
    return page(call, "applications", views, more_after(applications, size))


async def get_application(call: Call) -> Answer:
    sql = f"{WITH_VERSIONS} WHERE a.account = ? AND a.id = ?"
    connection, application_id = call.service.connection, call["application_id"]
    application = required(
        one(connection, ActiveApplication.from_row, sql, call.account, application_id), "Application"
    )
    return entity(call, "applications", view(application), application.last_modified)


def view(application: ActiveApplication) -> dict[str, Any]:
    return {"id": application.id, "displayName": application.display_name, "versions": application.versions}
