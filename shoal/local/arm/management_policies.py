"""Lifecycle rules of a storage account: checked and kept. The emulator deletes nothing by them."""

from typing import Any

from shoal.local.arm import arm_failures, records
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, described

TYPE = "Microsoft.Storage/storageAccounts/managementPolicies"


def complete(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> JsonObject:
    if call.target.name != "default":
        raise arm_failures.invalid_name("a management policy", call.target.name, "it can only be 'default'")
    given = records.properties(body)
    rules = (given.get("policy") or {}).get("rules")
    if not isinstance(rules, list) or not rules:
        raise arm_failures.invalid_content("policy.rules must be a list of at least one rule")
    for position, rule in enumerate(rules):
        _check(rule, f"policy.rules[{position}]")
    return described(call.target, TYPE, {"properties": given})


def _check(rule: Any, where: str) -> None:
    if not isinstance(rule, dict) or not rule.get("name") or rule.get("type") != "Lifecycle":
        raise arm_failures.invalid_content(f"{where} must have a name, and Lifecycle for its type")
    definition = rule.get("definition") or {}
    if not definition.get("actions"):
        raise arm_failures.invalid_content(f"{where}.definition has no actions")
    if "filters" in definition and not definition["filters"].get("blobTypes"):
        raise arm_failures.invalid_content(f"{where}.definition.filters has no blobTypes")


KIND = ResourceKind(
    type=TYPE,
    verbs={"PUT": records.putter(TYPE, complete, created=200), "GET": records.getter(), "DELETE": records.delete},
)
