"""Role assignments: records that are checked as Azure checks them.

They keep somebody out in a strict cloud only, see `auto_storage_access` and `blob_access`, both beside this module.
"""

import re
import sqlite3
from dataclasses import dataclass

from shoal.local import times
from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described
from shoal.local.errors import BatchError

TYPE = "Microsoft.Authorization/roleAssignments"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FIXED = ("principalId", "roleDefinitionId", "principalType")


def complete(call: ArmCall, body: JsonObject, old: JsonObject | None) -> JsonObject:
    given = records.properties(body)
    if not GUID.fullmatch(call.target.name):
        raise arm_failures.invalid_name("a role assignment", call.target.name, "a GUID")
    for name in ("principalId", "roleDefinitionId"):
        if not given.get(name):
            raise arm_failures.invalid_content(f"the required property {name} is missing")
    if not GUID.fullmatch(given["roleDefinitionId"].rsplit("/", 1)[-1]):
        raise BatchError(400, "InvalidRoleDefinitionId", "The role definition ID must end in a GUID.")
    given.setdefault("principalType", "User")
    if old is not None and any(old["properties"][name] != given[name] for name in FIXED):
        text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise BatchError(409, "RoleAssignmentUpdateNotPermitted", text)
    if old is None and _assigned(call, given):
        raise BatchError(409, "RoleAssignmentExists", "The role assignment already exists.")
    kept = {"scope": call.target.scope, "createdOn": _created(old)}
    return described(call.target, TYPE, {"properties": {**given, **kept}})


def _created(old: JsonObject | None) -> str:
    """Return when the role was assigned, which another PUT does not change."""
    before = old["properties"].get("createdOn") if old is not None else None  # an earlier version of Shoal kept none
    return before or times.iso(times.now())


def _assigned(call: ArmCall, given: JsonObject) -> bool:
    return any(
        other["properties"]["scope"].lower() == call.target.scope.lower()
        and all(other["properties"][name] == given[name] for name in ("principalId", "roleDefinitionId"))
        for other in records.below(call.service.connection, call.target.scope, TYPE)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    definition: str
    """The GUID of the role's definition, in lower case."""
    since: int
    """When it was assigned, in microseconds."""


def held(connection: sqlite3.Connection, principal: str, scope: str) -> list[HeldRole]:
    """Return the roles of a principal at a scope, or above it."""
    assignments = records.below(connection, "/subscriptions/" + scope.split("/")[2], TYPE)
    return [
        HeldRole(
            definition=assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[-1].lower(),
            since=records.last_changed(connection, assignment["id"]),
        )
        for assignment in assignments
        if assignment["properties"]["principalId"] == principal
        and f"{scope.lower()}/".startswith(assignment["properties"]["scope"].lower() + "/")
    ]


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete), "GET": records.getter(), "DELETE": records.delete},
    listing=records.lister(TYPE),
)
