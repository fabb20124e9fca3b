"""Workspaces, diagnostic settings, alerts: checked and kept. No log is collected and no alert goes off."""

import re
import uuid

from shoal.local.arm import arm_failures, batch_accounts
from shoal.local.arm.arm_call import ArmCall, JsonObject
from shoal.local.arm.ids import Target, parse
from shoal.local.arm.resource_rules import Rules, kind, values_at

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
GROUP = "Microsoft.Insights/actionGroups"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]")
RETENTION = range(30, 731)
"""Days of the plan PerGB2018. Source: azure-rest-api, WorkspaceProperties."""
CATEGORIES = {
    batch_accounts.TYPE: {"AuditLog", "ServiceLog"},
    "Microsoft.Storage/storageAccounts/blobServices": {"StorageRead", "StorageWrite", "StorageDelete"},
}
"""Log categories. Source: Azure Monitor, supported resource log categories."""
CRITERIA = (
    "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
    "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
)
SEVERITIES = range(5)
CONDITION = "properties.criteria.allOf"
OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")


def _check_workspace(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    if not NAME.fullmatch(call.target.name):
        raise arm_failures.invalid_name("a workspace", call.target.name, "4 to 63 letters, digits and hyphens")
    days = body.get("properties", {}).get("retentionInDays")
    if days is not None and days not in RETENTION:
        raise arm_failures.invalid_content(
            f"retentionInDays is {days}; it must be from {RETENTION.start} to {RETENTION.stop - 1}"
        )


def _customer(target: Target) -> JsonObject:
    id_ = uuid.uuid5(uuid.NAMESPACE_URL, f"{target.path.lower()}/customer")
    return {"provisioningState": "Succeeded", "customerId": str(id_)}


def _check_group(_call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    short = body["properties"]["groupShortName"]
    if len(short) > 12:
        raise arm_failures.invalid_content(f"groupShortName is {short}; it must have at most 12 characters")
    names = [name for _, name in values_at(body, "properties.emailReceivers[].name")]
    if len(set(names)) < len(names):
        raise arm_failures.invalid_content("two receivers have the same name")


def _check_setting(call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    given = body.get("properties", {})
    if not any(given.get(sink) for sink in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")):
        raise arm_failures.invalid_content("a workspace, a storage account or an event hub must be given to write to")
    known = CATEGORIES.get(parse(call.target.scope.removesuffix("/default")).type)
    for where, category in values_at(body, "properties.logs[].category"):
        if known is not None and category is not None and category not in known:
            raise arm_failures.invalid_content(f"{where} is {category}; it must be {' or '.join(sorted(known))}")


def _check_alert(_call: ArmCall, body: JsonObject, _old: JsonObject | None) -> None:
    severity = body["properties"]["severity"]
    if severity not in SEVERITIES:
        raise arm_failures.invalid_content(f"severity is {severity}; it must be from 0 to {SEVERITIES.stop - 1}")
    for where, operator in values_at(body, f"{CONDITION}[].operator"):
        if operator not in OPERATORS:
            raise arm_failures.invalid_content(f"{where} is {operator}; it must be one of {', '.join(OPERATORS)}")


def _check_metric_alert(call: ArmCall, body: JsonObject, old: JsonObject | None) -> None:
    _check_alert(call, body, old)
    criteria = body["properties"]["criteria"].get("odata.type")
    if criteria not in CRITERIA:
        raise arm_failures.invalid_content(
            f"odata.type of the criteria is {criteria}; it must be {' or '.join(CRITERIA)}"
        )


ALERT = tuple(f"properties.{name}" for name in ("severity", "enabled", "scopes", "evaluationFrequency", "windowSize"))
ALERT_TYPES = {"properties.severity": int, "properties.criteria": dict, f"{CONDITION}[].operator": str}
METRIC = ("name", "metricName", "timeAggregation", "operator", "threshold", "criterionType")
QUERY = ("query", "timeAggregation", "operator", "threshold")

KINDS = tuple(
    kind(rules)
    for rules in (
        Rules(
            type=WORKSPACE,
            required=("properties.sku.name",),
            types={"properties.retentionInDays": int},
            check=_check_workspace,
            answers=_customer,
        ),
        Rules(
            type="Microsoft.Insights/diagnosticSettings",
            located=False,
            required=("properties.logs[].enabled", "properties.metrics[].enabled"),
            references={"properties.workspaceId": WORKSPACE},
            check=_check_setting,
        ),
        Rules(
            type=GROUP,
            required=(
                "properties.groupShortName",
                "properties.enabled",
                *(f"properties.emailReceivers[].{name}" for name in ("name", "emailAddress")),
            ),
            types={"properties.groupShortName": str, "properties.emailReceivers[].name": str},
            check=_check_group,
        ),
        Rules(
            type="Microsoft.Insights/metricAlerts",
            required=(*ALERT, "properties.criteria", CONDITION, *(f"{CONDITION}[].{name}" for name in METRIC)),
            references={"properties.scopes[]": "", "properties.actions[].actionGroupId": GROUP},
            types=ALERT_TYPES,
            check=_check_metric_alert,
        ),
        Rules(
            type="Microsoft.Insights/scheduledQueryRules",
            beside=("kind",),
            required=(*ALERT, "properties.criteria", CONDITION, *(f"{CONDITION}[].{name}" for name in QUERY)),
            references={"properties.scopes[]": "", "properties.actions.actionGroups[]": GROUP},
            types=ALERT_TYPES,
            check=_check_alert,
        ),
    )
)
