"""Deployment stacks: what a deployment engine records of the resources that are its own, and its outputs."""

from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described

TYPE = "Microsoft.Resources/deploymentStacks"


def complete(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> JsonObject:
    if not body.get("location"):
        raise arm_failures.location_required(call.target.path)
    if not isinstance(records.properties(body).get("resources"), list):
        raise arm_failures.invalid_content("properties.resources must be a list")
    known = {name: body[name] for name in ("location", "tags") if body.get(name) is not None}
    return described(call.target, TYPE, {**known, "properties": records.properties(body)})


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete), "GET": records.getter(), "DELETE": records.delete},
    listing=records.lister(TYPE),
)
