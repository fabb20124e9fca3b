"""The rule on conditions that are always or never true."""

from collections.abc import Iterator

from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.printing import expression_text
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Binary, Conditional, Expression, Name, children, postorder, start

_COMPARISONS = {"<", "<=", "==", "!=", ">=", ">"}


def _unreachable(subject: Subject) -> Iterator[Finding]:
    reported: set[str] = set()
    for statement in subject.formula.statements:
        findings = list(_constant_conditions(statement.value, reported, subject))
        yield from findings
        # Conditions on this variable are constant for the same reason: report only the first.
        if findings and statement.target is not None:
            reported.add(statement.target.name)


def _constant_conditions(expression: Expression, reported: set[str], subject: Subject) -> Iterator[Finding]:
    resting: set[int] = set()
    """Expressions that rest on a reported variable, by id()."""
    spoilt: set[int] = set()
    """Expressions with a finding in them: the innermost condition is the mistake, those around it follow from it."""
    for part in postorder(expression):
        parts = children(part)
        if any(id(one) in spoilt for one in parts):
            spoilt.add(id(part))
            continue
        if (isinstance(part, Name) and part.name in reported) or any(id(one) in resting for one in parts):
            resting.add(id(part))
        test = _condition(part)
        findings = () if test is None or id(test) in resting else tuple(_answer(test, start(test), subject))
        if findings:
            spoilt.add(id(part))
            yield from findings


def _condition(expression: Expression) -> Expression | None:
    match expression:
        case Binary(operator, _, _) if operator in {*_COMPARISONS, "&&", "||"}:
            return expression
        case Conditional(test, _, _):
            return test
        case _:
            return None


def _answer(test: Expression, span: Span, subject: Subject) -> Iterator[Finding]:
    truth = subject.open_bounds.of(test).truth
    if truth is None:
        return
    answer = "always" if truth else "never"
    term = subject.open_bounds.contradictions.get(id(test))
    because = f", whatever {term} is" if term else ""
    yield Finding(
        rule=UNREACHABLE.name,
        span=span,
        message=f"{expression_text(test)} is {answer} true{because}",
        mend="check the operators ('||' rather than '&&', '<' rather than '>') and the number",
    )


UNREACHABLE = Rule(
    name="unreachable-branch",
    why="A condition with only one answer hides a mistake: the branch that was meant to grow the pool never runs.",
    find=_unreachable,
)
