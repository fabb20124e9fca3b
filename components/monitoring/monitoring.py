"""Logs of a stack, alerts by mail when something goes wrong, and a budget."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

import pulumi
from pulumi_azure_native import monitor, operationalinsights
from pydantic import AfterValidator, Field

from shoal.azure.limits import LOG_RETENTION_DAYS

from ..argument_types import matching
from ..component import checked, outputs
from .alerts import FAILED_RESIZES, METRIC_ALERTS, LogAlert, MetricAlert, Quota, quota_threshold
from .budget import monthly_budget

CHECKED_EVERY = "PT5M"
AVERAGED_OVER = "PT15M"
QUERIED_EVERY = "PT15M"
QUERIED_OVER = "PT30M"
"""Twice the time between queries, because logs arrive some minutes after the event."""
BATCH_LOGS = ("ServiceLog", "AuditLog")
STORAGE_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")


def _received_once(emails: list[str]) -> list[str]:
    if not emails:
        raise ValueError("it must name somebody")
    for email in emails:
        if emails.count(email) > 1:
            raise ValueError(f"{email} is named more than once")
    return emails


Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address of mail")]
Emails = Annotated[list[Email], AfterValidator(_received_once)]
RetentionDays = Annotated[int, Field(ge=LOG_RETENTION_DAYS[0], le=LOG_RETENTION_DAYS[1])]


class MonitoringShape(TypedDict):
    """The arguments of monitoring that do not depend on the stack's resources."""

    emails: Emails
    """Addresses that get the mail of alerts and of the budget."""
    retention_days: NotRequired[RetentionDays]
    """Days that logs are kept, 30 to 730; 30 unless given."""
    storage_logs: NotRequired[bool]
    """True to log each access to a blob too; false unless given."""
    monthly_budget: NotRequired[Annotated[float, Field(ge=1)]]
    """Monthly budget in the currency of the subscription's bills; no budget unless given."""


class MonitoringArgs(MonitoringShape):
    resource_group_name: pulumi.Input[str]
    """Resource group of the workspace, the alerts and the action group."""
    resource_group_id: pulumi.Input[str]
    """ARM id of the resource group whose costs the budget counts."""
    location: pulumi.Input[str]
    """Azure region of the workspace."""
    batch_account_id: pulumi.Input[str]
    """ARM id of the Batch account to watch."""
    storage_account_id: pulumi.Input[str]
    """ARM id of the storage account whose accesses are logged if `storage_logs` is true."""
    dedicated_core_quota: pulumi.Input[int | None]
    """Quota of cores of dedicated nodes; none for no alert, as Azure then counts for the whole subscription."""
    low_priority_core_quota: pulumi.Input[int | None]
    """Quota of cores of Spot nodes; none for no alert, as Azure then counts for the whole subscription."""


class Monitoring(pulumi.ComponentResource):
    """A workspace with the logs of the Batch account, alerts by mail, and a budget."""

    workspace_id: pulumi.Output[str]
    """ARM id of the workspace with the logs."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, MonitoringArgs, args)
        super().__init__("shoal:index:Monitoring", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        workspace = operationalinsights.Workspace(
            f"{name}-logs",
            resource_group_name=args["resource_group_name"],
            location=args["location"],
            workspace_name=f"{name}-logs",
            sku={"name": operationalinsights.WorkspaceSkuNameEnum.PER_GB2018},
            retention_in_days=args.get("retention_days", 30),
            opts=self._child,
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
            monthly_budget(f"{name}-budget", scope=scope, amount=amount, emails=args["emails"], opts=self._child)
        self.workspace_id = workspace.id
        self.register_outputs(outputs(self))

    def _log(
        self, name: str, resource: pulumi.Input[str], categories: tuple[str, ...], workspace: pulumi.Input[str]
    ) -> None:
        monitor.DiagnosticSetting(
            name,
            resource_uri=resource,
            name=name,
            workspace_id=workspace,
            logs=[{"category": category, "enabled": True} for category in categories],
            opts=self._child,
        )

    def _mails(self, name: str) -> "monitor.ActionGroup":
        return monitor.ActionGroup(
            name,
            resource_group_name=self._args["resource_group_name"],
            location="Global",
            action_group_name=name,
            group_short_name="shoal",  # at most 12 characters
            enabled=True,
            email_receivers=[
                {"name": email, "email_address": email, "use_common_alert_schema": True}
                for email in self._args["emails"]
            ],
            opts=self._child,
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
            # Whether there is a quota is known only in the deployment: without one, the alert is made but switched off.
            enabled=True if quota is None else quota.apply(lambda cores: cores is not None),
            scopes=[self._args["batch_account_id"]],
            evaluation_frequency=CHECKED_EVERY,
            window_size=AVERAGED_OVER,
            criteria=_criteria(alert, 0 if quota is None else quota.apply(quota_threshold)),
            actions=[{"action_group_id": mails}],
            opts=self._child,
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
            opts=self._child,
        )


def _criteria(
    alert: MetricAlert, threshold: pulumi.Input[int]
) -> "monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs":
    """Return the criteria as objects: the SDK does not translate the names in a dict that may be of three types."""
    # Above 0 without a quota, from the threshold on with one: a quota of one core is reached at 1.
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
