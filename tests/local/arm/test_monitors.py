"""Workspaces, diagnostic settings, alerts and budgets."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.arm import ArmHttp

WORKSPACE = "providers/Microsoft.OperationalInsights/workspaces/logs"
MAILS = "providers/Microsoft.Insights/actionGroups/mails"
ALERT = "providers/Microsoft.Insights/metricAlerts/unusable"
QUERY = "providers/Microsoft.Insights/scheduledQueryRules/resizes"
BUDGET = "providers/Microsoft.Consumption/budgets/monthly"
PLAN = {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}}
CRITERIA = {
    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
    "allOf": [
        {
            "name": "x",
            "criterionType": "StaticThresholdCriterion",
            "metricName": "UnusableNodeCount",
            "timeAggregation": "Average",
            "operator": "GreaterThan",
            "threshold": 0,
        }
    ],
}
TIMES = {"enabled": True, "severity": 2, "evaluationFrequency": "PT5M", "windowSize": "PT15M"}


def refused(arm: ArmHttp, path: str, body: Any) -> str:
    status, answer = arm.call("PUT", path, body)
    assert status in (400, 404, 409), answer
    return f"{answer['error']['code']}: {answer['error']['message']}"


def mails(**changes: Any) -> dict[str, Any]:
    receiver = {"name": "a@example.com", "emailAddress": "a@example.com"}
    properties = {"groupShortName": "shoal", "enabled": True, "emailReceivers": [receiver], **changes}
    return {"location": "Global", "properties": properties}


def budget(**changes: Any) -> dict[str, Any]:
    start = datetime.now(UTC).strftime("%Y-%m-01T00:00:00Z")
    properties = {
        "category": "Cost",
        "amount": 100,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": start},
        "notifications": {"half": notification()},
        **changes,
    }
    return {"properties": properties}


def notification(**changes: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "operator": "GreaterThanOrEqualTo",
        "threshold": 50,
        "contactEmails": ["a@example.com"],
        **changes,
    }


def test_workspace_has_the_same_id_whenever_it_is_read(arm: ArmHttp) -> None:
    made = arm.make(WORKSPACE, PLAN)
    again = arm.make(WORKSPACE, {**PLAN, "tags": {"a": "b"}})
    assert made["properties"] == again["properties"] == arm.call("GET", WORKSPACE)[1]["properties"]
    assert made["properties"]["customerId"]


@pytest.mark.parametrize("days", [7, 731])
def test_workspace_that_keeps_logs_for_a_time_that_azure_does_not_sell_is_refused(arm: ArmHttp, days: int) -> None:
    body = {"location": "westeurope", "properties": {**PLAN["properties"], "retentionInDays": days}}  # type: ignore[dict-item]  # JSON
    assert f"retentionInDays is {days}; it must be from 30 to 730" in refused(arm, WORKSPACE, body)


def test_diagnostic_setting_stands_below_what_it_is_about(arm: ArmHttp, storage: str) -> None:
    workspace = arm.make(WORKSPACE, PLAN)["id"]
    setting = f"{storage}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/logs"
    logs = [{"category": "StorageWrite", "enabled": True}]
    assert "to write to" in refused(arm, setting, {"properties": {"logs": logs}})
    wrong = {"workspaceId": workspace, "logs": [{"category": "ServiceLog", "enabled": True}]}
    assert "is ServiceLog; it must be StorageDelete or" in refused(arm, setting, {"properties": wrong})
    assert "was not found" in refused(arm, setting, {"properties": {"workspaceId": f"{workspace}-not", "logs": logs}})
    arm.make(setting, {"properties": {"workspaceId": workspace, "logs": logs}})
    assert arm.call("GET", setting)[0] == 200
    assert arm.call("DELETE", storage)[0] == 200
    assert arm.call("GET", setting)[0] == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groupShortName": "thirteen chars"}, "groupShortName is thirteen chars; it must have at most 12 characters"),
        ({"groupShortName": ""}, "the required property properties.groupShortName is missing"),
        ({"emailReceivers": [{"name": "a"}]}, "the required property properties.emailReceivers[0].emailAddress"),
        ({"emailReceivers": [{"name": "a", "emailAddress": "a@b.c"}] * 2}, "two receivers have the same name"),
    ],
)
def test_wrong_action_group_is_refused(arm: ArmHttp, change: dict[str, Any], message: str) -> None:
    assert message in refused(arm, MAILS, mails(**change))


def test_alert_is_about_something_and_tells_somebody(arm: ArmHttp, storage: str) -> None:
    group = arm.make(MAILS, mails())["id"]
    alert = {**TIMES, "scopes": [storage], "criteria": CRITERIA, "actions": [{"actionGroupId": group}]}
    for change, message in (
        ({"scopes": []}, "the required property properties.scopes is missing"),
        ({"scopes": [f"{storage}not"]}, "was not found"),
        ({"actions": [{"actionGroupId": storage}]}, "was not found"),
        ({"severity": 5}, "severity is 5; it must be from 0 to 4"),
        ({"criteria": {**CRITERIA, "odata.type": "x"}}, "odata.type of the criteria is x"),
        ({"criteria": {**CRITERIA, "allOf": [{"name": "x"}]}}, "properties.criteria.allOf[0].metricName is missing"),
    ):
        assert message in refused(arm, ALERT, {"location": "global", "properties": {**alert, **change}})
    assert arm.make(ALERT, {"location": "global", "properties": alert})["properties"] == alert


def test_query_rule_is_about_a_workspace(arm: ArmHttp) -> None:
    workspace, group = arm.make(WORKSPACE, PLAN)["id"], arm.make(MAILS, mails())["id"]
    condition = {"query": "AzureDiagnostics", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
    rule = {**TIMES, "scopes": [workspace], "criteria": {"allOf": [condition]}, "actions": {"actionGroups": [group]}}
    without = {**rule, "criteria": {"allOf": [{**condition, "query": ""}]}}
    strange = {**rule, "criteria": {"allOf": [{**condition, "operator": "gt"}]}}
    assert "allOf[0].operator is gt; it must be one of" in refused(
        arm, QUERY, {"location": "westeurope", "properties": strange}
    )
    assert "allOf[0].query is missing" in refused(arm, QUERY, {"location": "westeurope", "properties": without})
    assert arm.make(QUERY, {"location": "westeurope", "properties": rule})["properties"] == rule


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": 0}, "amount is 0; it must be more than 0"),
        ({"timePeriod": {}}, "the required property properties.timePeriod.startDate is missing"),
        ({"timePeriod": {"startDate": "soon"}}, "startDate is soon; it must be a date"),
        ({"timePeriod": {"startDate": "2099-01-15"}}, "startDate is 2099-01-15; it must be the first of a month"),
        ({"timePeriod": {"startDate": "2020-01-01"}}, "that of a monthly budget must not be before this month"),
        ({"notifications": {str(n): notification() for n in range(6)}}, "a budget has at most 5 notifications"),
        ({"notifications": {"a": notification(threshold=1001)}}, "the threshold of notification a must be from 0"),
        ({"notifications": {"a": notification(contactEmails=[])}}, "notification a has nobody to go to"),
        ({"notifications": {"a": notification(operator=None)}}, "notification a has no operator"),
    ],
)
def test_wrong_budget_is_refused(arm: ArmHttp, change: dict[str, Any], message: str) -> None:
    assert message in refused(arm, BUDGET, budget(**change))


def test_budget_of_a_group_goes_with_it(arm: ArmHttp) -> None:
    made = arm.make(BUDGET, budget())
    assert made["properties"]["currentSpend"]["amount"] == 0
    assert arm.call("DELETE", "")[0] == 200
    assert arm.call("GET", str(made["id"]))[0] == 404
