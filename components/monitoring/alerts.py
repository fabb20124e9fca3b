"""Alerts, as one table (docs/network-and-monitoring.md shows it)."""

from dataclasses import dataclass
from typing import Literal

QUOTA_PERCENT = 80
Quota = Literal["dedicated", "low-priority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlert:
    """An alert on the average of a metric over a quarter of an hour: metrics come each minute, some late or twice, so a
    single value means nothing. Source: Azure Batch, metrics, alerts and logs."""

    name: str
    metric: str
    quota: Quota | None = None
    """Quota of which a part raises the alert; without one, the first node does."""
    severity: int
    """0: critical, 1: error, 2: warning, 3: information."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAlert:
    name: str
    query: str
    """Query in Kusto's language, whose first row raises the alert."""
    severity: int
    why: str


METRIC_ALERTS = (
    MetricAlert(
        name="unusable-nodes",
        metric="UnusableNodeCount",
        severity=1,
        why="unusable nodes run no task and cost as much as the others; `shoal nodes` names them",
    ),
    MetricAlert(
        name="failed-start-tasks",
        metric="StartTaskFailedNodeCount",
        severity=1,
        why="nodes whose start task failed run no task and cost as much as the others; `shoal nodes` names them",
    ),
    MetricAlert(
        name="low-dedicated-quota",
        metric="CoreCount",
        quota="dedicated",
        severity=2,
        why=f"{QUOTA_PERCENT} % of the dedicated cores that the account may have are in use; pools stop growing at all",
    ),
    MetricAlert(
        name="low-spot-quota",
        metric="LowPriorityCoreCount",
        quota="low-priority",
        severity=2,
        why=f"{QUOTA_PERCENT} % of the Spot cores that the account may have are in use; pools stop growing at all",
    ),
)
FAILED_RESIZES = LogAlert(
    name="failed-resizes",
    # Columns exist from the first event on that has them, which in a fresh workspace is none.
    query="""
AzureDiagnostics
| where Category == "ServiceLog" and OperationName == "PoolResizeCompleteEvent"
| extend pool = column_ifexists("id_s", ""), code = column_ifexists("resultCode_s", "")
| where isnotempty(code) and code != "Success"
| project TimeGenerated, pool, code, message = column_ifexists("resultMessage_s", "")
""".strip(),
    severity=2,
    why="a pool did not get the nodes that it asked for: no capacity, no quota, or no addresses left in its subnet",
)
"""Uses the log, because the metric of completed resizes counts failed ones too.
Source: Azure Batch, pool resize complete event; Azure Monitor, AzureDiagnostics."""


def quota_threshold(quota: int | None) -> int:
    """Return the cores that raise the alert: at least 1, so that an account without such a quota raises none."""
    return max(1, (quota or 0) * QUOTA_PERCENT // 100)
