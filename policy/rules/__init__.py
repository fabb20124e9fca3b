"""The rules of the policy pack; docs/policies.md lists them in a table. Nothing here depends on Pulumi."""

from rules.budget_present import BUDGET_PRESENT
from rules.clean_formula import FORMULA_CLEAN
from rules.exposure import NO_PUBLIC_ADDRESSES, NO_SHARED_KEYS
from rules.image_support import IMAGE_STARTS, IMAGE_SUPPORTED
from rules.node_counts import NODES_CAPPED, SCALES_TO_ZERO, SPOT_SHARE
from rules.pinned_packages import PACKAGES_PINNED
from rules.rule import ResourceRule, StackRule

RULES: tuple[ResourceRule | StackRule, ...] = (
    SCALES_TO_ZERO,
    NODES_CAPPED,
    SPOT_SHARE,
    NO_PUBLIC_ADDRESSES,
    NO_SHARED_KEYS,
    IMAGE_SUPPORTED,
    IMAGE_STARTS,
    BUDGET_PRESENT,
    PACKAGES_PINNED,
    FORMULA_CLEAN,
)
