"""A rule on the stack: a budget notifies somebody when it costs too much."""

from collections.abc import Iterator, Sequence

from rules.rule import BATCH_ACCOUNT, Circumstances, Declared, Level, StackRule

BUDGETS = ("azure-native:consumption:Budget", "azure-native:costmanagement:Budget")


def _no_budget(resources: Sequence[Declared], _circumstances: Circumstances) -> Iterator[str]:
    types = {resource.type for resource in resources}
    if BATCH_ACCOUNT in types and types.isdisjoint(BUDGETS):
        yield "the stack has a Batch account but no budget; add one that notifies the person who pays"


BUDGET_PRESENT = StackRule(
    name="budget-present",
    reason="A budget stops nothing, but it notifies somebody within a day rather than at the end of the month.",
    level=Level.ADVISORY,
    violations=_no_budget,
)
