"""What is kept of a stack's life, and who hears of what goes wrong."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from .alerts import FAILED_RESIZES, METRIC_ALERTS, LogAlert, MetricAlert, Quota, quota_threshold
from .budget import monthly_budget

CHECKED_EVERY = "PT5M"
AVERAGED_OVER = "PT15M"
QUERIED_EVERY = "PT15M"
QUERIED_OVER = "PT30M"
"""Twice the time between queries: logs arrive some minutes after what they tell of."""
BATCH_LOGS = ("ServiceLog", "AuditLog")
STORAGE_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")


class MonitoringShape(TypedDict):
    """What is monitored, whatever stack it belongs to."""

    emails: list[str]
    """Who gets the mail of alerts and of the budget."""
    retention_days: NotRequired[int]
    """How long logs are kept, 30 to 730; 30 unless given."""
    storage_logs: NotRequired[bool]
    """Whether each access to a blob is logged too; false unless given."""
    monthly_budget: NotRequired[float]
    """In the currency that the subscription is billed in; no budget unless given."""


class MonitoringArgs(MonitoringShape):
    resource_group_name: pulumi.Input[str]
    """Where workspace, alerts and action group are made."""
    resource_group_id: pulumi.Input[str]
    """What the budget is of."""
    location: pulumi.Input[str]
    """Azure region of the workspace."""
    batch_account_id: pulumi.Input[str]
    """ARM id of what is watched."""
    storage_account_id: pulumi.Input[str]
    """ARM id of what is watched where storage logs are wanted."""
    dedicated_core_quota: pulumi.Input[int | None]
    """Cores; none where Azure counts for the whole subscription, and then there is no alert."""
    low_priority_core_quota: pulumi.Input[int | None]
    """The same of Spot nodes."""


class Monitoring(pulumi.ComponentResource):
    """A workspace with the logs of the Batch account, alerts by mail, and a budget."""

    workspace_id: pulumi.Output[str]
    """ARM id of the workspace with the logs."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shoal:index:Monitoring", name, None, opts)
        self._args = args
        workspace = operationalinsights.Workspace(
            f"{name}-logs",
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            workspace_name=f"{name}-logs",
            sku={"name": operationalinsights.WorkspaceSkuNameEnum.PER_GB2018},
            retention_in_days=args.get("retention_days", 30),
            opts=self._within,
        )
        self._log(f"{name}-batch", args["batch_account_id"], BATCH_LOGS, workspace.id)
        if args.get("storage_logs"):
            blobs = pulumi.Output.concat(args["storage_account_id"], "/blobServices/default")
            self._log(f"{name}-storage", blobs, STORAGE_LOGS, workspace.id)
        mails = self._mails(f"{name}-mails")
        for alert in METRIC_ALERTS:
            self._on_metric(f"{name}-{alert.name}", alert, mails.id)
        self._on_log(f"{name}-{FAILED_RESIZES.name}", FAILED_RESIZES, workspace.id, mails.id)
        if amount := args.get("monthly_budget"):
            scope = args["resource_group_id"]
            monthly_budget(f"{name}-budget", scope=scope, amount=amount, emails=args["emails"], opts=self._within)
        self.workspace_id = workspace.id
        self.register_outputs({"workspaceId": self.workspace_id})

    @property
    def _within(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _log(
        self, name: str, resource: pulumi.Input[str], categories: tuple[str, ...], workspace: pulumi.Input[str]
    ) -> None:
        monitor.DiagnosticSetting(
            name,
            resource_uri=resource,
            name=name,
            workspace_id=workspace,
            logs=[{"category": category, "enabled": True} for category in categories],
            opts=self._within,
        )

    def _mails(self, name: str) -> "monitor.ActionGroup":
        return monitor.ActionGroup(
            name,
            resource_group_name=self._args["resource_group_name"],
            location="Global",
            action_group_name=name,
            group_short_name="shoal",
            enabled=True,
            email_receivers=[
                {"name": email, "email_address": email, "use_common_alert_schema": True}
                for email in self._args["emails"]
            ],
            opts=self._within,
        )

    def _on_metric(self, name: str, alert: MetricAlert, mails: pulumi.Input[str]) -> None:
        quotas: Mapping[Quota, pulumi.Input[int | None]] = {
            "dedicated": self._args["dedicated_core_quota"],
            "low-priority": self._args["low_priority_core_quota"],
        }
        quota = pulumi.Output.from_input(quotas[alert.quota]) if alert.quota else None
        monitor.MetricAlert(
            name,
            resource_group_name=self._args["resource_group_name"],
            location="global",
            rule_name=name,
            description=alert.why,
            severity=alert.severity,
            enabled=True if quota is None else quota.apply(lambda cores: cores is not None),
            scopes=[self._args["batch_account_id"]],
            evaluation_frequency=CHECKED_EVERY,
            window_size=AVERAGED_OVER,
            criteria=_criteria(alert, 0 if quota is None else quota.apply(quota_threshold)),
            actions=[{"action_group_id": mails}],
            opts=self._within,
        )

    def _on_log(self, name: str, alert: LogAlert, workspace: pulumi.Input[str], mails: pulumi.Input[str]) -> None:
        monitor.ScheduledQueryRule(
            name,
            resource_group_name=self._args["resource_group_name"],
            location=self._args["location"],
            rule_name=name,
            kind=monitor.Kind.LOG_ALERT,
            description=alert.why,
            severity=alert.severity,
            enabled=True,
            scopes=[workspace],
            evaluation_frequency=QUERIED_EVERY,
            window_size=QUERIED_OVER,
            # In a fresh workspace the table does not exist, and Azure would refuse the query.
            skip_query_validation=True,
            criteria={
                "all_of": [
                    {
                        "query": alert.query,
                        "time_aggregation": monitor.TimeAggregation.COUNT,
                        # The SDK's ConditionOperator is that of another service, and would be refused.
                        "operator": "GreaterThan",
                        "threshold": 0,
                        "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
                    }
                ]
            },
            actions={"action_groups": [mails]},
            opts=self._within,
        )


def _criteria(
    alert: MetricAlert, threshold: pulumi.Input[int]
) -> "monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs":
    """In classes: in a dict, the SDK would leave the names as they are, since the criteria may be of three types."""
    operator = monitor.Operator.GREATER_THAN if alert.quota is None else monitor.Operator.GREATER_THAN_OR_EQUAL
    return monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
        odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        all_of=[
            monitor.MetricCriteriaArgs(
                name=alert.name,
                criterion_type="StaticThresholdCriterion",
                metric_namespace="Microsoft.Batch/batchAccounts",
                metric_name=alert.metric,
                time_aggregation=monitor.AggregationTypeEnum.AVERAGE,
                operator=operator,
                threshold=threshold,
            )
        ],
    )
