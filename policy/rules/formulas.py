"""A rule on formulas: what Batch would refuse, and what the linter finds."""

from collections.abc import Iterator

from rules.rule import POOL, Circumstances, Inputs, Level, Rule
from rules.scaling import formula_of
from shoal.autoscale.review import review, shown


def _findings(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    formula = formula_of(pool)
    if formula is not None:
        for finding in review(formula.text, interval=formula.interval):
            yield shown(finding, formula.text, "formula")


FORMULA_CLEAN = Rule(
    name="formula-clean",
    reason="A formula that is wrong fails or misleads its pool only when tasks come; the linter says so before.",
    level=Level.MANDATORY,
    types=(POOL,),
    violations=_findings,
)
