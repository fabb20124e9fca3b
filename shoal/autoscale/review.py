"""Review a formula's text: its errors or, where it has none, the findings of the linter."""

from shoal.autoscale.checking import check
from shoal.autoscale.errors import FormulaFault, FormulaTooLong, SyntaxFault
from shoal.autoscale.lint import lint
from shoal.autoscale.lint.rule import Finding
from shoal.autoscale.parser import parse
from shoal.autoscale.spans import excerpt

ERRORS = ("length", "syntax", "type")
"""Kinds of errors, used like a rule's name: Batch refuses such a formula, or it fails at every evaluation."""


def review(
    text: str, *, interval: int | None = None, fixed_too: bool = False, slots: int | None = None
) -> tuple[Finding, ...]:
    """Parse, check and lint the text; findings come in its order. Parameters are those of lint()."""
    try:
        checked = check(parse(text))
    except FormulaFault as fault:
        return (_refusal(fault),)
    if checked.faults:
        return tuple(_refusal(fault) for fault in checked.faults)
    return lint(checked, interval=interval, fixed_too=fixed_too, slots=slots)


def shown(finding: Finding, text: str, source: str) -> str:
    """Return the finding as text for a person: place, sentence, the line with a caret, and how to fix it."""
    level = "error" if finding.rule in ERRORS else "warning"
    head = f"{source}:{finding.span.line}:{finding.span.column}: {level}: {finding.message} [{finding.rule}]"
    mend = f"     = {finding.mend}" if finding.mend else ""
    return "\n".join(line for line in (head, excerpt(text, finding.span), mend) if line)


def _refusal(fault: FormulaFault) -> Finding:
    match fault:
        case FormulaTooLong():
            rule = "length"
        case SyntaxFault():
            rule = "syntax"
        case _:
            rule = "type"
    return Finding(rule=rule, span=fault.span, message=fault.message, mend=fault.suggestion or "")
