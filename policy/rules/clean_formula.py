"""A rule on formulas: no errors that Batch would refuse, and no findings of the linter."""

from collections.abc import Iterator

from rules.declared_scaling import formula_of
from rules.rule import POOL, POOL_UPDATE, Circumstances, Inputs, Level, ResourceRule
from shoal.autoscale.review import review, shown


def _findings(_type: str, pool: Inputs, _circumstances: Circumstances) -> Iterator[str]:
    formula = formula_of(pool)
    if formula is not None:
        for finding in review(formula.text, interval=formula.interval):
            yield shown(finding, formula.text, "formula")


FORMULA_CLEAN = ResourceRule(
    name="formula-clean",
    reason="A wrong formula fails, or scales its pool badly, only once tasks arrive. The linter finds it before that.",
    level=Level.MANDATORY,
    types=(POOL, POOL_UPDATE),
    violations=_findings,
)
