from datetime import UTC, date, datetime
from typing import Any

import pytest

from components.monitoring.alerts import quota_threshold
from components.monitoring.budget import month_start
from components.monitoring.monitoring import Monitoring
from tests.programs import Recording, record


def declare(**shape: Any) -> Recording:
    args = {
        "resource_group_name": "group",
        "resource_group_id": "/group",
        "location": "westeurope",
        "batch_account_id": "/batch",
        "storage_account_id": "/storage",
        "dedicated_core_quota": 100,
        "low_priority_core_quota": 50,
        "emails": ["a@example.com", "b@example.com"],
        **shape,
    }
    return record(lambda: make(args))


def make(args: dict[str, Any]) -> None:
    Monitoring("watch", args)  # type: ignore[arg-type]  # a test may set any argument


def alert(recording: Recording, name: str) -> Any:
    (found,) = (one for one in recording.of_type("monitor:MetricAlert") if one.name == f"watch-{name}")
    return found.inputs


def test_logs_of_the_batch_account_are_kept_for_thirty_days() -> None:
    recording = declare()
    workspace = recording.only("operationalinsights:Workspace").inputs
    assert (workspace["retentionInDays"], workspace["sku"]) == (30, {"name": "PerGB2018"})
    setting = recording.only("monitor:DiagnosticSetting").inputs
    assert setting["resourceUri"] == "/batch"
    assert {log["category"]: log["enabled"] for log in setting["logs"]} == {"ServiceLog": True, "AuditLog": True}


def test_accesses_to_blobs_are_logged_where_asked() -> None:
    batch, storage = declare(storage_logs=True, retention_days=90).of_type("monitor:DiagnosticSetting")
    assert storage.inputs["resourceUri"] == "/storage/blobServices/default"
    assert storage.inputs["workspaceId"] == batch.inputs["workspaceId"]
    assert [log["category"] for log in storage.inputs["logs"]] == ["StorageRead", "StorageWrite", "StorageDelete"]


def test_everybody_gets_each_mail() -> None:
    recording = declare()
    mails = recording.only("monitor:ActionGroup").inputs
    assert [one["emailAddress"] for one in mails["emailReceivers"]] == ["a@example.com", "b@example.com"]
    for one in recording.of_type("monitor:MetricAlert"):
        assert [action["actionGroupId"].endswith("watch-mails") for action in one.inputs["actions"]] == [True]
    rule = recording.only("monitor:ScheduledQueryRule").inputs
    assert [group.endswith("watch-mails") for group in rule["actions"]["actionGroups"]] == [True]


@pytest.mark.parametrize(
    ("name", "metric", "operator", "threshold"),
    [
        ("unusable-nodes", "UnusableNodeCount", "GreaterThan", 0),
        ("failed-start-tasks", "StartTaskFailedNodeCount", "GreaterThan", 0),
        ("low-dedicated-quota", "CoreCount", "GreaterThanOrEqual", 80),
        ("low-spot-quota", "LowPriorityCoreCount", "GreaterThanOrEqual", 40),
    ],
)
def test_alert_is_on_a_metric_of_the_account(name: str, metric: str, operator: str, threshold: int) -> None:
    inputs = alert(declare(), name)
    (criterion,) = inputs["criteria"]["allOf"]
    assert (criterion["metricName"], criterion["operator"], criterion["threshold"]) == (metric, operator, threshold)
    assert (criterion["timeAggregation"], criterion["criterionType"]) == ("Average", "StaticThresholdCriterion")
    assert inputs["criteria"]["odataType"] == "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    assert (inputs["scopes"], inputs["enabled"]) == (["/batch"], True)
    assert inputs["description"]


def test_quota_that_the_account_does_not_have_is_not_watched() -> None:
    recording = declare(dedicated_core_quota=None)
    assert alert(recording, "low-dedicated-quota")["enabled"] is False
    assert alert(recording, "low-spot-quota")["enabled"] is True


@pytest.mark.parametrize(("quota", "threshold"), [(100, 80), (0, 1), (1, 1), (9, 7), (None, 1)])
def test_quota_is_low_from_four_fifths_on(quota: int | None, threshold: int) -> None:
    assert quota_threshold(quota) == threshold


def test_failed_resizes_are_found_in_the_log() -> None:
    inputs = declare().only("monitor:ScheduledQueryRule").inputs
    (condition,) = inputs["criteria"]["allOf"]
    assert 'OperationName == "PoolResizeCompleteEvent"' in condition["query"]
    assert 'code != "Success"' in condition["query"]
    assert (condition["timeAggregation"], condition["operator"], condition["threshold"]) == ("Count", "GreaterThan", 0)
    assert [scope.endswith("watch-logs") for scope in inputs["scopes"]] == [True]
    assert inputs["skipQueryValidation"] is True


def test_budget_tells_of_half_of_it_and_of_what_azure_expects() -> None:
    budget = declare(monthly_budget=250.5).only("consumption:Budget").inputs
    assert (budget["scope"], budget["amount"], budget["timeGrain"]) == ("/group", 250.5, "Monthly")
    assert budget["timePeriod"] == {"startDate": month_start(datetime.now(UTC).date())}
    assert {
        (one["thresholdType"], one["threshold"], tuple(one["contactEmails"]))
        for one in budget["notifications"].values()
    } == {
        ("Actual", 50, ("a@example.com", "b@example.com")),
        ("Actual", 80, ("a@example.com", "b@example.com")),
        ("Actual", 100, ("a@example.com", "b@example.com")),
        ("Forecasted", 100, ("a@example.com", "b@example.com")),
    }


def test_budget_keeps_the_month_that_it_was_made_in() -> None:
    assert declare(monthly_budget=10).only("consumption:Budget").ignore_changes == ("timePeriod",)


def test_there_is_no_budget_unless_asked_for() -> None:
    assert not declare().of_type("consumption:Budget")


def test_budget_begins_with_its_month() -> None:
    assert month_start(date(2026, 2, 28)) == "2026-02-01T00:00:00Z"
