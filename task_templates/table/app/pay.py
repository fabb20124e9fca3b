"""Works out what one loan costs, month by month, and prints it as a line of CSV."""

import sys
from decimal import ROUND_HALF_UP, Decimal
from typing import Tuple

CENT = Decimal("0.01")


def rate_of_payment(principal: Decimal, monthly: Decimal, months: int) -> Decimal:
    """Return the equal payment of each month, rounded to cents."""
    exact = principal / months if monthly == 0 else principal * monthly / (1 - (1 + monthly) ** -months)
    return exact.quantize(CENT, ROUND_HALF_UP)


def costs(principal: Decimal, percent: Decimal, months: int) -> Tuple[Decimal, Decimal]:
    """Return the payment of a month, and the interest of all months; the last payment settles what rounding left."""
    monthly = percent / 1200
    payment = rate_of_payment(principal, monthly, months)
    left, interest = principal, Decimal(0)
    for _ in range(months):
        due = (left * monthly).quantize(CENT, ROUND_HALF_UP)
        interest += due
        left -= min(payment - due, left)
    return payment, interest


if __name__ == "__main__":
    loan, principal, percent, months = sys.argv[1:]
    print(loan, *costs(Decimal(principal), Decimal(percent), int(months)), sep=",")
