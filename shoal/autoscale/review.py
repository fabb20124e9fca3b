"""All that can be said about a formula's text: what is wrong with it, or what the linter finds."""

from shoal.autoscale.checking import check
from shoal.autoscale.errors import FormulaFault, FormulaTooLong, SyntaxFault
from shoal.autoscale.lint import lint
from shoal.autoscale.lint.rules import Finding
from shoal.autoscale.parser import parse
from shoal.autoscale.spans import excerpt

ERRORS = ("length", "syntax", "type")
"""Instead of a rule's name: such a formula is refused by Batch, or fails whenever it is evaluated."""


def review(text: str, *, interval: int | None = None, fixed_too: bool = False) -> tuple[Finding, ...]:
    """Parse, check and lint; in the order of the text. Parameters are those of lint()."""
    try:
        checked = check(parse(text))
    except FormulaFault as fault:
        return (_refusal(fault),)
    if checked.faults:
        return tuple(_refusal(fault) for fault in checked.faults)
    return lint(checked, interval=interval, fixed_too=fixed_too)


def shown(finding: Finding, text: str, source: str) -> str:
    """The finding for a person: place, sentence, the line with a caret, and what to do."""
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
