"""Deployment stacks: what a deployment engine records of the resources that are its own, and its outputs."""

from shoal.local.arm import failures, records
from shoal.local.arm.calls import Call, JsonObject, Kind, described

TYPE = "Microsoft.Resources/deploymentStacks"


def complete(call: Call, body: JsonObject, _old: JsonObject | None) -> JsonObject:
    if not body.get("location"):
        raise failures.location_required(call.target.path)
    if not isinstance(records.properties(body).get("resources"), list):
        raise failures.invalid_content("properties.resources must be a list")
    known = {name: body[name] for name in ("location", "tags") if body.get(name) is not None}
    return described(call.target, TYPE, {**known, "properties": records.properties(body)})


KIND = Kind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete), "GET": records.getter(), "DELETE": records.delete},
    listing=records.lister(TYPE),
)
