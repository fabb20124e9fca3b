"""Applications and their active versions; they are made on the ARM side."""

from typing import Any

import orjson

from shoal.local import errors
from shoal.local.api.calls import Answer, Call, entity, page
from shoal.local.api.pools import more_after

WITH_VERSIONS = (
    "SELECT a.rowid AS key, a.*, (SELECT json_group_array(version) FROM application_versions v"
    " WHERE v.account = a.account AND v.application = a.id AND v.state = 'active') AS versions FROM applications a"
)


async def list_applications(call: Call) -> Answer:
    size = call.page_size()
    rows = call.service.read(
        f"{WITH_VERSIONS} WHERE a.account = ? AND a.rowid > ? ORDER BY a.rowid LIMIT ?",
        call.account,
        call.after(),
        size + 1,
    )
    return page(call, "applications", [view(row) for row in rows[:size]], more_after(rows, size))


async def get_application(call: Call) -> Answer:
    rows = call.service.read(f"{WITH_VERSIONS} WHERE a.account = ? AND a.id = ?", call.account, call["application_id"])
    if not rows:
        raise errors.not_found("Application")
    return entity(call, "applications", view(rows[0]), rows[0]["last_modified"])


def view(row: Any) -> dict[str, Any]:
    return {"id": row["id"], "displayName": row["display_name"] or row["id"], "versions": orjson.loads(row["versions"])}
