"""Budgets of a scope: checked and kept. Nothing costs anything here, so no mail is sent.

Source: Microsoft.Consumption 2024-08-01, BudgetProperties and Notification.
"""

from datetime import UTC, date, datetime

from shoal.local.arm import arm_failures
from shoal.local.arm.arm_call import ArmCall, JsonObject
from shoal.local.arm.ids import Target
from shoal.local.arm.resource_rules import Rules, kind

TYPE = "Microsoft.Consumption/budgets"
MOST_NOTIFICATIONS = 5
MOST_PERCENT = 1000


def _check(_call: ArmCall, body: JsonObject, old: JsonObject | None) -> None:
    given = body["properties"]
    if given["amount"] <= 0:
        raise arm_failures.invalid_content(f"amount is {given['amount']}; it must be more than 0")
    start = _date(given["timePeriod"]["startDate"])
    today = datetime.now(UTC).date()
    if start.day != 1:
        raise arm_failures.invalid_content(f"startDate is {start}; it must be the first of a month")
    if old is None and given["timeGrain"] == "Monthly" and start < today.replace(day=1):
        raise arm_failures.invalid_content(
            f"startDate is {start}; that of a monthly budget must not be before this month"
        )
    _check_notifications(given.get("notifications") or {})


def _date(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except (TypeError, ValueError):
        raise arm_failures.invalid_content(f"startDate is {text}; it must be a date") from None


def _check_notifications(notifications: JsonObject) -> None:
    if len(notifications) > MOST_NOTIFICATIONS:
        raise arm_failures.invalid_content(f"a budget has at most {MOST_NOTIFICATIONS} notifications")
    for name, notification in notifications.items():
        if not isinstance(notification, dict) or not isinstance(notification.get("threshold", 0), int | float):
            raise arm_failures.invalid_content(f"notification {name} must be an object, its threshold a number")
        for part in ("enabled", "operator", "threshold"):
            if notification.get(part) is None:
                raise arm_failures.invalid_content(f"notification {name} has no {part}")
        if not 0 <= notification["threshold"] <= MOST_PERCENT:
            raise arm_failures.invalid_content(f"the threshold of notification {name} must be from 0 to {MOST_PERCENT}")
        if not notification.get("contactEmails") and not notification.get("contactGroups"):
            raise arm_failures.invalid_content(f"notification {name} has nobody to go to")


def _unspent(_target: Target) -> JsonObject:
    return {"currentSpend": {"amount": 0, "unit": "USD"}}


KINDS = (
    kind(
        Rules(
            type=TYPE,
            located=False,
            required=(
                "properties.category",
                "properties.amount",
                "properties.timeGrain",
                "properties.timePeriod",
                "properties.timePeriod.startDate",
            ),
            types={"properties.amount": float, "properties.timeGrain": str, "properties.notifications": dict},
            check=_check,
            answers=_unspent,
        )
    ),
)
