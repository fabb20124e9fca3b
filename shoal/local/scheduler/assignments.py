"""What a node's agent is told about a task it shall run."""

import sqlite3
from typing import Any

import orjson

from shoal.local import times
from shoal.local.scheduler.loop import Transaction


def assignment(tx: Transaction, job: sqlite3.Row, job_definition: dict[str, Any], task: sqlite3.Row) -> dict[str, Any]:
    definition = orjson.loads(task["definition"])
    environment = {
        setting["name"]: setting.get("value", "")
        for settings in (job_definition.get("commonEnvironmentSettings", ()), definition.get("environmentSettings", ()))
        for setting in settings
    }
    references = definition.get("applicationPackageReferences", ())
    return {
        "key": task["key"],
        "attempt": task["attempt"],
        "job": job["id"],
        "task": task["id"],
        "command_line": definition["commandLine"],
        "environment": environment,
        "resource_files": definition.get("resourceFiles", ()),
        "output_files": definition.get("outputFiles", ()),
        "packages": [package(tx, job["account"], reference) for reference in references],
        "max_wall_clock_time": _seconds(definition["constraints"]["maxWallClockTime"]),
    }


def _seconds(limit: str) -> float | None:
    return None if limit == times.UNLIMITED else times.duration(limit) / times.SECOND


def package(tx: Transaction, account: str, reference: dict[str, str]) -> dict[str, Any]:
    """Where a referenced package lies; `blob` is None when it has gone since it was referenced.

    A reference may name the application by its bare id or by its ARM id, with `/versions/NAME` or without.
    """
    application, version = split_reference(reference)
    row = tx.one(
        "SELECT v.* FROM application_versions v JOIN applications a ON a.account = v.account AND a.id = v.application"
        " WHERE v.account = ?1 AND v.application = ?2 AND v.version = ifnull(?3, a.default_version)"
        " AND v.state = 'active'",
        account,
        application,
        version,
    )
    return {
        "application": row["application"] if row else application,
        "version": row["version"] if row else version,
        "container": row["container"] if row else None,
        "blob": row["blob"] if row else None,
        "activated": row["activated"] if row else None,
    }


def split_reference(reference: dict[str, str]) -> tuple[str, str | None]:
    parts = reference["applicationId"].strip("/").split("/")
    lowered = [part.lower() for part in parts]
    version = reference.get("version")
    if "versions" in lowered[:-1]:
        version = version or parts[lowered.index("versions") + 1]
    application = parts[lowered.index("applications") + 1] if "applications" in lowered[:-1] else parts[-1]
    return application, version
