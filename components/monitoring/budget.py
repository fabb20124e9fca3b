"""A monthly budget of a resource group, with mail before and after it is spent. It does not stop any resource."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pulumi
from pulumi_azure_native import consumption

THRESHOLDS = (("Actual", 50), ("Actual", 80), ("Actual", 100), ("Forecasted", 100))
"""Percent of the budget, of actual costs or of those that Azure forecasts for the end of the month."""


def monthly_budget(
    name: str, *, scope: pulumi.Input[str], amount: float, emails: Sequence[str], opts: pulumi.ResourceOptions
) -> "consumption.Budget":
    """Make the budget; `amount` is in the currency of the subscription's bills.

    A budget starts with a month that is not past when it is made, and that cannot change later (Source:
    Microsoft.Consumption, BudgetTimePeriod), so only the first deployment sets the month.
    """
    unchanged = pulumi.ResourceOptions(ignore_changes=["timePeriod"])
    return consumption.Budget(
        name,
        scope=scope,
        budget_name=name,
        category=consumption.CategoryType.COST,
        amount=amount,
        time_grain=consumption.TimeGrainType.MONTHLY,
        time_period={"start_date": month_start(datetime.now(UTC).date())},
        notifications={f"{kind}{percent}": _notification(kind, percent, emails) for kind, percent in THRESHOLDS},
        opts=pulumi.ResourceOptions.merge(opts, unchanged),
    )


def month_start(day: date) -> str:
    return f"{day.replace(day=1).isoformat()}T00:00:00Z"


def _notification(kind: str, percent: int, emails: Sequence[str]) -> "consumption.NotificationArgsDict":
    return {
        "enabled": True,
        "operator": consumption.OperatorType.GREATER_THAN_OR_EQUAL_TO,
        "threshold": percent,
        "threshold_type": kind,
        "contact_emails": list(emails),
    }
