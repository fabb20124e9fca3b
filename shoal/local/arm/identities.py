"""User-assigned identities: records with the ids that Entra would give them, the same for the same identity."""

import sqlite3
import uuid

from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described
from shoal.local.identity.tokens import TENANT, Principal

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def complete(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> JsonObject:
    if not body.get("location"):
        raise arm_failures.location_required(call.target.path)
    path = call.target.path.lower()
    return described(
        call.target,
        TYPE,
        {
            **{name: body[name] for name in ("location", "tags") if body.get(name) is not None},
            "properties": {
                "tenantId": TENANT,
                "principalId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}/principal")),
                "clientId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}/client")),
            },
        },
    )


def every(connection: sqlite3.Connection) -> list[JsonObject]:
    """Return the identities of all resource groups."""
    return records.below(connection, "", TYPE)


def principal(identity: JsonObject) -> Principal:
    properties = identity["properties"]
    return Principal(client_id=properties["clientId"], object_id=properties["principalId"])


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete), "GET": records.getter(), "DELETE": records.delete},
    listing=records.lister(TYPE),
)
