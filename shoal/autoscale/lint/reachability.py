"""The rule on conditions that are always or never true."""

from collections.abc import Iterator

from shoal.autoscale.lint.rule import Finding, Rule, Subject
from shoal.autoscale.printing import expression_text
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import Binary, Conditional, Expression, Name, children, start

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
    inside = [one for child in children(expression) for one in _constant_conditions(child, reported, subject)]
    # The innermost condition is the mistake; those around it are constant because of it.
    if inside:
        yield from inside
        return
    match expression:
        case Binary(operator, _, _) if operator in {*_COMPARISONS, "&&", "||"} and not _rests_on(expression, reported):
            yield from _answer(expression, start(expression), subject)
        case Conditional(test, _, _) if not _rests_on(test, reported):
            yield from _answer(test, start(test), subject)


def _rests_on(expression: Expression, reported: set[str]) -> bool:
    if isinstance(expression, Name):
        return expression.name in reported
    return any(_rests_on(child, reported) for child in children(expression))


def _answer(test: Expression, span: Span, subject: Subject) -> Iterator[Finding]:
    truth = subject.bounds.of(test).truth
    if truth is None:
        return
    answer = "always" if truth else "never"
    term = subject.bounds.contradictions.get(id(test))
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
