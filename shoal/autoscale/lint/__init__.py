"""Warnings about formulas that are correct but do what nobody wants.

A comment `// shoal: off RULE, RULE` anywhere in a formula switches these rules off for it; `// shoal: every PT5M` gives
the time between two evaluations.
"""

from shoal.autoscale.checking import Checked
from shoal.autoscale.lint.caps import NEVER_GROWS, NEVER_ZERO, NO_CAP, TRUNCATED
from shoal.autoscale.lint.missing_samples import FRACTION, NO_GUARD, RETIRED, SHORT_WINDOW, SHRINKS
from shoal.autoscale.lint.notes import notes_of
from shoal.autoscale.lint.reachability import UNREACHABLE
from shoal.autoscale.lint.rule import DEFAULT_INTERVAL, Finding, Rule, Subject
from shoal.autoscale.lint.targets import (
    FIXED_TOO,
    KILLS,
    MISSPELT,
    NO_TARGET,
    OPTION_MISSING,
    TARGET_AS_CURRENT,
    WRONG_KIND,
)
from shoal.autoscale.lint.work import RUNNING_NOT_COUNTED, SLOTS_IGNORED

RULES = {
    rule.name: rule
    for rule in (
        RUNNING_NOT_COUNTED,
        SLOTS_IGNORED,
        NEVER_ZERO,
        NEVER_GROWS,
        TRUNCATED,
        NO_CAP,
        UNREACHABLE,
        NO_GUARD,
        SHRINKS,
        SHORT_WINDOW,
        FRACTION,
        RETIRED,
        OPTION_MISSING,
        KILLS,
        WRONG_KIND,
        TARGET_AS_CURRENT,
        MISSPELT,
        NO_TARGET,
        FIXED_TOO,
    )
}


def lint(
    checked: Checked, *, interval: int | None = None, fixed_too: bool = False, slots: int | None = None
) -> tuple[Finding, ...]:
    """Apply all rules to a formula that fits the types. Findings come in the order of the text.

    `interval` is the time between two evaluations, in ticks; its default is the one in the formula's comment, else
    Batch's 15 minutes. `fixed_too` is true where fixed node counts stand beside the formula,
    and `slots` the number of task slots of a node, where it is known.
    """
    notes = notes_of(checked.formula.comments)
    subject = Subject(
        checked, interval=interval or notes.interval or DEFAULT_INTERVAL, fixed_too=fixed_too, slots=slots
    )
    findings = [finding for rule in RULES.values() if rule.name not in notes.off for finding in rule.find(subject)]
    findings += [
        Finding(rule="unreadable-note", span=span, message=message, mend=f"the rules are: {', '.join(RULES)}")
        for span, message in notes.problems(set(RULES))
    ]
    return tuple(sorted(findings, key=lambda finding: (finding.span.line, finding.span.column, finding.rule)))


__all__ = ["DEFAULT_INTERVAL", "RULES", "Finding", "Rule", "lint"]
