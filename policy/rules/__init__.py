"""The rules of the policy pack; docs/policies.md lists them in a table. Nothing here depends on Pulumi."""

from rules.access import NO_PUBLIC_ADDRESSES, NO_SHARED_KEYS
from rules.budgets import BUDGET_PRESENT
from rules.formulas import FORMULA_CLEAN
from rules.images import IMAGE_SUPPORTED
from rules.nodes import NODES_CAPPED, SCALES_TO_ZERO, SPOT_SHARE
from rules.packages import PACKAGES_PINNED
from rules.rule import Rule, StackRule

RULES: tuple[Rule | StackRule, ...] = (
    SCALES_TO_ZERO,
    NODES_CAPPED,
    SPOT_SHARE,
    NO_PUBLIC_ADDRESSES,
    NO_SHARED_KEYS,
    IMAGE_SUPPORTED,
    BUDGET_PRESENT,
    PACKAGES_PINNED,
    FORMULA_CLEAN,
)
